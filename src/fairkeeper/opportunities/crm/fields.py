"""Which fields of a CRM's record are ours, and what happens to those that a person changed. Pure.

We own few fields. What people own there (stage, amount, owner, closing date) is set once, when a record is made, and
never again; and one of our own fields that a person changed at the CRM is theirs from then on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class CRMRecord(StrEnum):
    """As what a card is pushed."""

    OPPORTUNITY = "opportunity"
    TASK = "task"
    INSIGHT = "insight"
    """A note on the account."""


OWNED: Final = ("title", "why_now", "motion", "likelihood", "evidence", "as_of", "next_step")
"""Our fields. Each connector has its own names for them."""
FIRST_ONLY: Final = ("title",)
"""Of these, what is set when the record is made and then left to people."""


_REMEMBERED: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What is to be sent to a record.

    Attributes:
        fields: Exactly the fields that are sent; nothing else of the record is touched.
        kept: Our fields that a person changed there, and that are theirs now.
        is_new: Whether the record has to be made.
    """

    fields: Mapping[str, str]
    kept: tuple[str, ...]
    is_new: bool


def external_key(installation: str, tenant_id: str, lens: str, cycle: int, record: CRMRecord) -> str:
    """Return the key of a record at the CRM: one for each episode, so that a new month makes no new record.

    Example:
        >>> external_key("fk.example", "t1", "expansion", 2, CRMRecord.TASK)
        'fk.example:t1:expansion:2:task'
    """
    return f"{installation}:{tenant_id}:{lens}:{cycle}:{record.value}"


def fields_of(card: Mapping[str, Any], account: str, as_of: str) -> dict[str, str]:
    """Return our fields of a card; nothing of a person, since the insights know companies alone."""
    evidence = "\n".join(f"- {each['text']}" for each in card["reasons"][:5])
    against = "\n".join(f"- {each['text']}" for each in card["against"][:3])
    said, sure = (f"{float(card[name]) * 100:.0f} %" for name in ("likelihood", "confidence"))
    return {
        "title": f"{card['title']}: {account}",
        "why_now": f"{card['why_now']} ({card['why_now_on']})",
        "motion": str(card["motion"]),
        "likelihood": f"{said} in {card['horizon_months']} months, confidence {sure}",
        "evidence": evidence + (f"\nAgainst it:\n{against}" if against else ""),
        "as_of": as_of,
        "next_step": str(card["first"]),
    }


def plan(
    wanted: Mapping[str, str],
    offered: Mapping[str, Sequence[str]],
    there: Mapping[str, str] | None,
    kept: tuple[str, ...] = (),
) -> Sending:
    """Decide what is sent.

    Args:
        wanted: Our fields as they should be.
        offered: Digests of all that was ever wanted of each field. What the CRM holds and we never offered, a person
            wrote; an answer that was lost must not make our own value look like theirs.
        there: The fields as the CRM holds them now; None where there is no record.
        kept: Fields that a person changed before.

    Example:
        >>> before = offer({}, {"motion": "enable"})
        >>> plan({"motion": "sell"}, before, {"motion": "by hand"}).kept
        ('motion',)
        >>> dict(plan({"motion": "sell"}, before, {"motion": "enable"}).fields)
        {'motion': 'sell'}
    """
    if there is None:
        return Sending(fields=dict(wanted), kept=(), is_new=True)
    edited = {
        name
        for name, value in wanted.items()
        if name in there and not _same(there[name], value) and digest_of(there[name]) not in offered.get(name, ())
    }
    theirs = tuple(sorted({*kept, *edited}))
    fields = {
        name: value
        for name, value in wanted.items()
        if name not in theirs and name not in FIRST_ONLY and name in there and not _same(there[name], value)
    }
    return Sending(fields=fields, kept=theirs, is_new=False)


def offer(offered: Mapping[str, Sequence[str]], fields: Mapping[str, str]) -> dict[str, list[str]]:
    """Return what was ever offered, with some fields' values added; the newest are kept."""
    names = dict.fromkeys([*offered, *fields])
    added = {name: list(offered.get(name, ())) for name in names}
    for name, value in fields.items():
        digest = digest_of(value)
        added[name] = [*(each for each in added[name] if each != digest), digest][-_REMEMBERED:]
    return added


def _same(left: str, right: str) -> bool:
    """Compare as CRMs do, which trim texts and change line endings."""
    return _plain(left) == _plain(right)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def digest_of(value: str) -> str:
    """Return a short name of a field's value, under which it is remembered."""
    return hashlib.sha256(_plain(value).encode()).hexdigest()[:16]
