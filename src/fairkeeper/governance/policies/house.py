"""What none of Fairkeeper's own agents may do, whatever the publisher's policies say.

A publisher's bundle replaces the one before, so a forbid that has to stay cannot stand in it. These stand in the code,
apply to the agents that Fairkeeper brings along and to no other, and are part of each of their decisions' basis.
"""

from __future__ import annotations

from typing import Final

from fairkeeper.governance.ports import ScopedPolicy
from fairkeeper.policy.decision.facts import PolicyText

OPPORTUNITIES_AGENT: Final = "agt_opportunities"
"""Id of the agent over the insights; see `fairkeeper.opportunities.actions.agent`."""
PERSONAL_DATA: Final = "personal_data"
"""The class of data that people can be recognised by."""
EXPORT_TOOL: Final = "opportunities.export_personal_data"

_NO_PERSONAL_DATA: Final = f"""\
@id("fairkeeper-no-personal-data")
@reason("Fairkeeper's own agents never export personal data.")
forbid (principal == Agent::"{OPPORTUNITIES_AGENT}", action in Action::"call", resource)
when {{
  resource.name == "{EXPORT_TOOL}" ||
  resource.reads.contains("{PERSONAL_DATA}") ||
  resource.writes.contains("{PERSONAL_DATA}")
}};
"""

HOUSE_POLICIES: Final = (
    ScopedPolicy(
        policy=PolicyText(id="fairkeeper-no-personal-data", text=_NO_PERSONAL_DATA), agent_id=OPPORTUNITIES_AGENT
    ),
)
"""Validated by their test against the schema of agents' policies."""
