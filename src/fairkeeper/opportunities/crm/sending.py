"""Brings one record at a CRM to what is wanted, whatever an interrupted earlier attempt left there.

Reads first, and then writes under our key only what differs and is ours. Every step may be repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fairkeeper.opportunities.crm.fields import plan
from fairkeeper.opportunities.ports import CRM


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is wanted of one record, and what we know of it.

    Attributes:
        offered: What was ever wanted of each field, see `fields.offer`.
        kept: Fields that a person changed there before.
        remote_id: The CRM's id, if an answer ever arrived.
    """

    record: str
    external_key: str
    fields: Mapping[str, str]
    account: str
    offered: Mapping[str, Sequence[str]]
    kept: tuple[str, ...]
    remote_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """How it stands now: `sent`, `unchanged`, or `closed_there` with its outcome."""

    state: str
    remote_id: str
    sent: Mapping[str, str]
    kept: tuple[str, ...]
    outcome: str = ""


def bring(crm: CRM, wish: Wish) -> Brought:
    """Bring a record to what is wanted.

    Raises:
        CRMRefusedError: The CRM refuses what is sent.
        CRMThrottledError, CRMUnreachableError: Not now; the same again later.
    """
    there = crm.find(wish.record, wish.external_key)
    if there is None and wish.remote_id is not None:
        # It was there and is not any more: a person deleted it, and it does not come back.
        return Brought(state="closed_there", remote_id=wish.remote_id, sent={}, kept=wish.kept)
    if there is not None and there.is_closed:
        return Brought(state="closed_there", remote_id=there.remote_id, sent={}, kept=wish.kept, outcome=there.outcome)
    sending = plan(wish.fields, wish.offered, None if there is None else there.fields, wish.kept)
    if there is None:
        made = crm.upsert(wish.record, wish.external_key, sending.fields, wish.account)
        return Brought(state="sent", remote_id=made.remote_id, sent=dict(wish.fields), kept=())
    if wish.remote_id is None:
        crm.attach(wish.record, there.remote_id, wish.account)
    if not sending.fields:
        return Brought(state="unchanged", remote_id=there.remote_id, sent={}, kept=sending.kept)
    crm.upsert(wish.record, wish.external_key, sending.fields, None)
    return Brought(state="sent", remote_id=there.remote_id, sent=dict(sending.fields), kept=sending.kept)
