"""Draws the tables that explanations show: the four machines, the clocks, the reasons, the assumptions.

A written page holds a line `[[table: clocks]]`, and the build puts the table there; so an explanation stays prose that
a person wrote, and its figures stay those of the code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

import fairkeeper
from docs_build.markdown import code, table
from fairkeeper.consent.asking.probing import CONFIRM_AFTER
from fairkeeper.consent.asking.signals import MEANINGS, Meaning, Signal
from fairkeeper.consent.deployments.reading import Answer, ApplicationReading, DeploymentState, Known, judge_reading
from fairkeeper.consent.lifecycle import GRANT, LINK, GrantState, LinkState
from fairkeeper.consent.plan.control import CONTROL_OF
from fairkeeper.customers.path.clocks import CLOCKS, ClockRule
from fairkeeper.customers.path.lifecycle import (
    COMMERCIAL_MOVES,
    CONSENT,
    OPERATION,
    PROVISIONING,
    CommercialStatus,
    ConsentState,
    OperationState,
    ProvisioningState,
)
from fairkeeper.customers.path.standing import Mark, Reason, Standing, may_act
from fairkeeper.values.resources import RESOURCES

_MARKER: Final = re.compile(r"^\[\[table: (?P<name>[a-z ]+)\]\]$", re.MULTILINE)
_SOURCE: Final = Path(fairkeeper.__file__).parent

CHANGED_BY: Final[Mapping[str, tuple[str | None, str]]] = {
    "assurance/incidents/runbooks.py 1": (
        "The deadlines of notices in an incident: 24 hours for customers, 72 hours for a supervisory authority.",
        "The constants of the runbooks; whether a notice is due stays a person's decision.",
    ),
    "accounts/checks/publishers.py 1": (None, "Nothing; `accounts/checks/publishers.py` holds the length."),
    "accounts/verification/events.py 1": (None, "Nothing; record a submission or decision for any other step."),
    "customers/actions/custody/adopt.py 1": (None, "Nothing; rename the columns in the exported file."),
    "customers/following/changes.py 1": (None, "`fairkeeper customers set-change-rule`, or Settings in the console."),
    "assurance/forwarding/audit.py 1": (None, "Nothing; kind and subject of the entry stand in each row beside it."),
    "customers/path/clocks.py 1": (None, "`FAIRKEEPER_RETENTION_DAYS` for the retention; the days are in the code."),
    "customers/path/clocks.py 2": (None, "Nothing; Microsoft's own date is kept and shown beside it."),
    "customers/path/landing.py 1": (None, "Nothing; staff confirm a claim with `fairkeeper customers confirm-claim`."),
    "deals/book/charges.py 1": (None, "Nothing; the deal's page lists every expected charge, to compare."),
    "deals/sheets/mapping.py 1": (None, "`fairkeeper deals save-mapping`, or --column of the command."),
    "deals/prices/multiparty.py 1": (None, "Nothing; the sheet shows both sides of each line, to compare."),
    "deals/submission/payload.py 1": (None, "Nothing; names of fields are in `submission/schema.py`."),
    "metering/rules/forecast.py 1": (None, "Nothing; the page shows the days it is drawn from."),
    "metering/rules/holding.py 1": (None, "`fairkeeper metering set-rule`."),
    "metering/rules/hours.py 1": (None, "Nothing; the margin is in the code."),
    "metering/rules/statuses.py 1": (None, "Nothing; Microsoft's word is kept and shown."),
    "metering/rules/terms.py 1": (None, "Nothing; each proof shows where its counters begin and end."),
    "microsoft/insights.py 1": (None, "`rows_in` of a connection in the file of `FAIRKEEPER_INSIGHTS_CONNECTIONS`."),
    "microsoft/insights.py 2": (None, "`next_in` of a connection in the file of `FAIRKEEPER_INSIGHTS_CONNECTIONS`."),
    "consent/agents/identities.py 1": (None, "Nothing; somebody who presses “look now” on the connect page is sooner."),
    "consent/deployments/calling_home.py 1": (None, "Nothing; each instance is told how soon to call again."),
    "microsoft/resource_manager.py 1": (None, "Nothing; a deployment shows its tenant, to compare with the portal."),
    "microsoft/marketplace_transport.py 1": (None, "Nothing; calls are repeated as Retry-After says."),
    "microsoft/metering.py 1": (None, "`FAIRKEEPER_METERING_TEST_HEADERS`."),
    "opportunities/insights/fields.py 1": (None, "`FAIRKEEPER_OPPORTUNITIES_FIELDS`, with a list of your own."),
    "token/authority.py 1": (
        "tokens of version 1.0 in the cloud operated by 21Vianet name the issuer `https://sts.chinacloudapi.cn`.",
        "`FAIRKEEPER_ENTRA_AUTHORITY`, by choosing that cloud or not.",
    ),
    "values/period.py 1": (None, "Nothing; where Microsoft states dates, they are taken."),
}
"""What changes each labelled assumption, by its place and number there; a text of our own where the label has none."""


def fill(text: str) -> str:
    """Put the named tables into a page.

    Raises:
        ValueError: A page asks for a table that nobody draws.
    """

    def drawn(match: re.Match[str]) -> str:
        if match["name"] not in TABLES:
            msg = f"Nobody draws the table {match['name']!r}; there are {', '.join(TABLES)}."
            raise ValueError(msg)
        return TABLES[match["name"]]()

    return _MARKER.sub(drawn, text)


def asked_for(text: str) -> set[str]:
    r"""Return the names of the tables that a page asks for.

    Example:
        >>> asked_for("A line\n\n[[table: clocks]]\n")
        {'clocks'}
    """
    return {match["name"] for match in _MARKER.finditer(text)}


def _commercial() -> str:
    """Draw Microsoft's statuses as a grid: from the row to the column, where Microsoft documents the move."""
    statuses = list(CommercialStatus)
    rows = [
        [code(status.value), *("yes" if (status, to) in COMMERCIAL_MOVES else "" for to in statuses)]
        for status in statuses
    ]
    return table(["from, to", *(code(status.value) for status in statuses)], rows)


def _machine(moves: Mapping[tuple[StrEnum, StrEnum], StrEnum], states: type[StrEnum]) -> str:
    """Draw a machine: one line for each state, with every event that leads out of it."""
    rows = []
    for state in states:
        out = [f"{code(event.value)} → {code(to.value)}" for (at, event), to in moves.items() if at is state]
        rows.append([code(state.value), "; ".join(out) or "nothing"])
    return table(["state", "what leads out of it"], rows)


def _consent() -> str:
    return _machine(CONSENT, ConsentState)  # type: ignore[arg-type]


def _provisioning() -> str:
    return _machine(PROVISIONING, ProvisioningState)  # type: ignore[arg-type]


def _operation() -> str:
    return _machine(OPERATION, OperationState)  # type: ignore[arg-type]


def _trust() -> str:
    return _machine(LINK, LinkState)  # type: ignore[arg-type]


def _grant() -> str:
    return _machine(GRANT, GrantState)  # type: ignore[arg-type]


def _signals() -> str:
    """Draw what each number of a refusal tells, and what follows once it is seen again."""

    def follows(meaning: Meaning) -> str:
        if meaning.is_ours:
            return "nothing; the fault is ours"
        moves = [f"grant: `{GrantState.SUSPECTED_LOST}`, then `{GrantState.REVOKED}`"] if meaning.misses else []
        moves += [f"link: `{LinkState.BROKEN}`, where it is our sign-in"] if meaning.breaks else []
        return "; ".join(moves) or "nothing"

    rows = [
        [", ".join(map(str, meaning.numbers)) or _NO_NUMBER[signal], meaning.words, follows(meaning)]
        for signal, meaning in MEANINGS.items()
    ]
    return table(["AADSTS", "what it tells", "what follows"], rows)


_NO_NUMBER: Final = {
    Signal.UNKNOWN: "any other",
    Signal.ACCESS_GONE: "none: an answer of Azure, or silence",
    Signal.AGENT_ABSENT: "none: no agent identity is known here",
}


def _controls() -> str:
    """Draw what holds for each offer type."""
    rows = [
        [each.title, each.owner.value, each.linked_by, each.controlled_by, each.consent, each.revocation]
        for each in CONTROL_OF.values()
    ]
    heads = ["offer type", "owner of the identity", "how the link begins", "control", "consent", "revocation"]
    return table(heads, rows)


def _deployments() -> str:
    """Draw what each answer about a managed application leads to, as the rule itself answers."""
    now = datetime(2026, 11, 22, tzinfo=UTC)
    own = ApplicationReading(
        answer=Answer.FOUND, tenant_id="t", publisher_tenant_id="p", offer_id="o", provisioning="Succeeded"
    )
    found = {
        "found, of an offer in the plan, `Succeeded`": own,
        "found, `Accepted` or another word": replace(own, provisioning="Accepted"),
        "found, `Failed`": replace(own, provisioning="Failed"),
        "found, of another publisher": replace(own, publisher_tenant_id="q"),
        "found, in a subscription that belongs to another tenant now": replace(own, tenant_id="u"),
        "not found, or not to be read": ApplicationReading(answer=Answer.ABSENT),
    }
    late = now - CONFIRM_AFTER
    knowns = {
        "never confirmed": Known(state=DeploymentState.HEARD),
        "running": Known(state=DeploymentState.RUNNING, tenant_id="t"),
        "running, and a notice said deleted": Known(state=DeploymentState.RUNNING, tenant_id="t", says_gone=True),
        "missed four hours ago": Known(state=DeploymentState.MISSED, tenant_id="t", missed_at=late),
    }

    def verdict(known: Known, reading: ApplicationReading) -> str:
        judged = judge_reading(known, reading, publisher_tenant_id="p", offers=frozenset({"o"}), now=now)
        return code(judged.state.value)

    rows = [[words, *(verdict(known, reading) for known in knowns.values())] for words, reading in found.items()]
    return table(["what Azure says", *knowns], rows)


def _reasons() -> str:
    """Draw why a customer may not act, machine by machine, as `may_act` itself answers."""
    rows = [
        [machine, code(reason.code), reason.sentence, reason.remedy]
        for machine, standings in _standings().items()
        for standing in standings
        for reason in may_act(standing).reasons
    ]
    return table(["machine", "reason", "what is so", "what to do"], rows)


def _standings() -> dict[str, list[Standing]]:
    """Return standings in which one machine at a time is in each of its states, and the others let act."""

    def standing(
        commercial: CommercialStatus | None = CommercialStatus.SUBSCRIBED,
        consent: ConsentState = ConsentState.GRANTED,
        provisioning: ProvisioningState = ProvisioningState.READY,
        operation: OperationState = OperationState.ENABLED,
    ) -> Standing:
        return Standing(
            commercial=Mark(state=commercial),
            consent=Mark(state=consent),
            provisioning=Mark(state=provisioning),
            operation=Mark(state=operation),
        )

    return {
        "commercial": [standing(commercial=state) for state in (None, *CommercialStatus)],
        "consent": [standing(consent=state) for state in ConsentState],
        "provisioning": [standing(provisioning=state) for state in ProvisioningState],
        "operation": [standing(operation=state) for state in OperationState],
    }


def reasons() -> set[str]:
    """Return the code of every reason why a customer may not act."""
    found: list[Reason] = [
        reason for standings in _standings().values() for each in standings for reason in may_act(each).reasons
    ]
    return {reason.code for reason in found}


def _clocks() -> str:
    rows = [
        [
            code(rule.name.value),
            rule.title,
            rule.starts_at,
            _length(rule.length) if rule.length else "as Microsoft states",
            _reminders(rule),
            rule.consequence,
            code(rule.owner_role),
            _title(rule.resource),
        ]
        for rule in CLOCKS.values()
    ]
    heads = ["clock", "what ends", "starts at", "runs", "reminders", "if nobody acts", "whose", "Microsoft's page"]
    return table(heads, rows)


def _length(length: timedelta, *, days_from: int = 4) -> str:
    """Write a length in days, below so many days in hours, as Microsoft's pages do.

    Example:
        >>> _length(timedelta(days=30)), _length(timedelta(hours=72)), _length(timedelta(seconds=10))
        ('30 days', '72 hours', '10 seconds')
        >>> _length(timedelta(days=1), days_from=1)
        '1 day'
    """
    seconds = int(length.total_seconds())
    for size, unit in ((86_400 if length.days >= days_from else 0, "day"), (3_600, "hour"), (60, "minute")):
        if size and seconds % size == 0:
            return f"{seconds // size} {unit}{'' if seconds == size else 's'}"
    return f"{seconds} seconds"


def _waits(waits: tuple[timedelta, ...]) -> str:
    return ", ".join(_length(wait, days_from=1) for wait in waits)


def _reminders(rule: ClockRule) -> str:
    told = []
    if rule.reminders_after:
        told.append(f"{_waits(rule.reminders_after)} after it starts")
    if rule.reminders_before:
        told.append(f"{_waits(rule.reminders_before)} before it ends")
    return "; ".join(told)


def _title(key: str) -> str:
    found = RESOURCES[key]
    return f"[{found.title}]({found.address})" if found.address else found.title


def assumptions() -> dict[str, str]:
    """Return every labelled assumption by its place in the source and its number there."""
    found = {}
    for path in sorted(_SOURCE.rglob("*.py")):
        for number, text in enumerate(_labelled(path.read_text("utf-8")), start=1):
            found[f"{path.relative_to(_SOURCE).as_posix()} {number}"] = text
    return found


def _labelled(source: str) -> list[str]:
    r"""Return what stands behind each `Assumption:` of a source, to the end of its paragraph or comment.

    Example:
        >>> _labelled("x = 1\n# Assumption: the first\n# hour.\ny = 2\n")
        ['the first hour.']
    """
    found = []
    lines = [line.strip() for line in source.splitlines()]
    for at, line in enumerate(lines):
        before, label, rest = line.partition("Assumption: ")
        if not label:
            continue
        is_comment = before.startswith("#")
        told = [rest]
        for later in lines[at + 1 :]:
            if not later or later.endswith('"""') or later.startswith("#") != is_comment:
                break
            told.append(later.lstrip("# "))
        found.append(" ".join(told))
    return found


def _assumptions() -> str:
    """Draw every labelled assumption with what changes it; a test asks that each says it."""
    rows = []
    for place, text in assumptions().items():
        own, changed_by = changed(place)
        rows.append([_sentence(own or text), changed_by, code(place.partition(" ")[0])])
    return table(["assumption", "what changes it", "where in the code"], rows)


def changed(place: str) -> tuple[str | None, str]:
    """Return an assumption's text, if its label has none, and what changes it; nothing where nobody said so yet.

    Example:
        >>> changed("sandbox/marketplace/terms.py 1")
        (None, 'The sandbox alone.')
    """
    return CHANGED_BY.get(place, (None, "The sandbox alone." if place.startswith("sandbox/") else ""))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


TABLES: Final[dict[str, Callable[[], str]]] = {
    "commercial machine": _commercial,
    "consent machine": _consent,
    "provisioning machine": _provisioning,
    "operation machine": _operation,
    "trust machine": _trust,
    "grant machine": _grant,
    "refusals": _signals,
    "offer types": _controls,
    "deployments": _deployments,
    "reasons": _reasons,
    "clocks": _clocks,
    "assumptions": _assumptions,
}
"""Every table by the name that pages ask for it."""
