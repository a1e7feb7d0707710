"""What assurance asks of a person today: incidents that are not closed, and errors that a scan has found; no drills."""

from __future__ import annotations

from typing import Final

from fairkeeper.assurance.incidents.queries import list_incidents
from fairkeeper.assurance.incidents.showing import IncidentLine
from fairkeeper.assurance.weaknesses.recording import WeaknessLine, list_weaknesses
from fairkeeper.web.format import count, when_text
from fairkeeper.web.parts import Finding, Level, Link
from fairkeeper.web.serving.visit import Visit

_MOST: Final = 5
_ASKED: Final = frozenset({"owner", "operations", "security", "auditor"})


def assurance_needs(visit: Visit) -> tuple[Finding, ...]:
    """Return what a member of staff whose role looks after it is told; nothing to others."""
    if not visit.principal.roles & _ASKED:
        return ()
    incidents: list[IncidentLine] = visit.run(list_incidents, only_open=True) if visit.allows(list_incidents) else []
    real = [line for line in incidents if not line.is_drill]
    weak: list[WeaknessLine] = visit.run(list_weaknesses, only_open=True) if visit.allows(list_weaknesses) else []
    errors = [line for line in weak if line.level == Level.ERROR]
    return (*(_incident(line) for line in real[:_MOST]), *_weaknesses(errors))


def _incident(line: IncidentLine) -> Finding:
    due = f" A notice is due {when_text(line.next_due_at)}." if line.next_due_at else ""
    return Finding(
        level=Level.ERROR if line.severity in {"high", "critical"} else Level.WARNING,
        what=f"The incident “{line.title}” is {line.state}.",
        remedy=f"Go on with its runbook.{due}",
        since_at=line.opened_at,
        where=Link(label="The incident", href=f"/incidents/{line.incident_id}"),
        owner="Security",
    )


def _weaknesses(errors: list[WeaknessLine]) -> tuple[Finding, ...]:
    if not errors:
        return ()
    return (
        Finding(
            level=Level.ERROR,
            what=f"{count(len(errors), 'weakness', 'weaknesses')} of the installation must not wait: {errors[0].what}",
            remedy=errors[0].remedy,
            since_at=min(line.first_seen_at for line in errors),
            where=Link(label="Weaknesses", href="/assurance/weaknesses"),
            owner="Security",
        ),
    )
