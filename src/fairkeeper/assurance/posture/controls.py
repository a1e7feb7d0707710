"""Controls, each with the tests that show it at work; and the OWASP lists of risks mapped to them, with what is left.

Sources: OWASP Top 10 for LLM Applications 2025 and OWASP Top 10 for Agentic Applications 2026, read 2026-11-22. The
mapping is ours. That something is mapped says that there is a control, not that a risk is gone: what it does not
reach stands beside it as the gap. A test of this project fails where a named test is missing or would not run.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from fairkeeper.policy.decision.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Something that is enforced or watched.

    Attributes:
        tests: Where it is shown at work, `path::name`.
        reasons: Refusals that this control causes, to be counted here.
        counts: Another thing that can be counted in this installation.
    """

    id: str
    name: str
    says: str
    tests: tuple[str, ...]
    reasons: tuple[Reason, ...] = ()
    counts: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """An item of an outside list."""

    id: str
    name: str
    controls: tuple[str, ...]
    gap: str


_DECISIONS: Final = "tests/actions/governance/test_decisions.py::"
_APPROVALS: Final = "tests/actions/governance/test_approvals.py::"
_ORDER: Final = "tests/unit/policy/test_decision_order.py::"
_DURABILITY: Final = "tests/actions/governance/test_durability.py::"
_INCIDENTS: Final = "tests/channels/web/test_incidents_in_browser.py::"
_WATCH: Final = "tests/unit/assurance/test_monitoring.py::"

_ALL: Final = (
    Control(
        id="mediation",
        name="Each call is decided and recorded before it runs",
        says="No permit, no policy or an error is a no; a decision that cannot be recorded is a no.",
        tests=(
            f"{_ORDER}test_no_policies_and_no_permits_permit_nothing",
            f"{_DURABILITY}test_a_process_killed_at_any_instant_has_executed_nothing_without_a_record",
        ),
        reasons=(Reason.NOT_PERMITTED, Reason.NO_DECISION, Reason.POLICY_ERROR, Reason.NOT_RECORDED),
    ),
    Control(
        id="never",
        name="What is never permitted cannot be approved",
        says="A forbid wins over every permit, approval and role; an attempt is recorded.",
        tests=(f"{_ORDER}test_a_forbid_is_never_even_with_an_approval",),
        reasons=(Reason.FORBIDDEN, Reason.RESPONSE_BLOCKS),
    ),
    Control(
        id="labels",
        name="Labels follow results into later calls",
        says="What a result carries (source, sensitivity, trust) reaches its task; only a person takes it down.",
        tests=(
            f"{_DECISIONS}test_labels_join_into_the_task_and_only_a_person_takes_them_down",
            "tests/unit/policy/test_decision_tenants.py::test_joining_labels_only_goes_up_and_does_not_care_for_order",
        ),
        reasons=(Reason.FLOW_UNTRUSTED, Reason.FLOW_TOO_SENSITIVE),
    ),
    Control(
        id="approvals",
        name="A person approves exactly one call, once",
        says="The approval is bound to tool, arguments, customer, policies and person, and is used up by the call.",
        tests=(
            f"{_APPROVALS}test_swapped_arguments_are_another_call",
            f"{_APPROVALS}test_double_consumption_in_one_moment_lets_one_call_through",
            f"{_APPROVALS}test_whoever_is_acted_for_cannot_approve_where_duties_are_separated",
        ),
        reasons=(Reason.APPROVAL_NEEDED, Reason.APPROVAL_OF_ANOTHER_CALL, Reason.APPROVAL_CONSUMED),
    ),
    Control(
        id="fatigue",
        name="Approving without a look is made hard",
        says="An agent that asks too much is not asked for any more; a quick yes needs a reason.",
        tests=(
            f"{_APPROVALS}test_an_agent_that_asks_too_much_is_not_asked_for_any_more",
            f"{_APPROVALS}test_approving_without_pause_needs_a_reason",
            f"{_APPROVALS}test_what_cannot_be_undone_needs_the_word",
        ),
    ),
    Control(
        id="tenancy",
        name="Nothing of another customer can be named",
        says="Agents, tools, data, labels and approvals of another customer do not exist for a call.",
        tests=(
            f"{_DECISIONS}test_nothing_of_another_customer_can_be_named",
            "tests/unit/policy/test_decision_tenants.py::test_no_call_that_crosses_is_let_through",
        ),
        reasons=(
            Reason.ANOTHER_CUSTOMER,
            Reason.RESOURCE_OF_ANOTHER_CUSTOMER,
            Reason.LABELS_OF_ANOTHER_CUSTOMER,
        ),
    ),
    Control(
        id="data_grants",
        name="Data is granted by its owner, for a time",
        says="A call that reads or writes a class of data needs a grant of its owner that has not ended.",
        tests=(f"{_DECISIONS}test_data_is_granted_by_its_owner_and_taken_back_at_once",),
        reasons=(Reason.DATA_NOT_GRANTED, Reason.GRANT_ENDED),
    ),
    Control(
        id="delegation",
        name="Authority is delegated for one task and only narrows",
        says="Acting for a person holds for one task, some tools and a time; a chain is as narrow as its links.",
        tests=(
            f"{_DECISIONS}test_a_delegation_holds_for_its_task_its_tools_and_its_time",
            f"{_ORDER}test_a_chain_is_as_narrow_as_its_narrowest_link",
        ),
        reasons=(Reason.DELEGATION_MISSING, Reason.DELEGATION_EXCEEDED, Reason.DELEGATION_TOO_DEEP),
    ),
    Control(
        id="manifests",
        name="A tool whose description changed is refused",
        says="Tools are pinned by the digest of their description; a change waits for approval.",
        tests=(f"{_DECISIONS}test_a_changed_description_stops_the_tool_until_it_is_approved",),
        reasons=(Reason.MANIFEST_CHANGED,),
    ),
    Control(
        id="arguments",
        name="Arguments fit the tool's schema exactly",
        says="What does not fit, or has no exact spelling, is refused before anything else is asked.",
        tests=(
            f"{_ORDER}test_numbers_without_an_exact_spelling_are_a_denial",
            f"{_ORDER}test_a_rule_that_needs_an_absent_argument_is_a_denial_and_not_off",
        ),
        reasons=(Reason.ARGUMENTS_REFUSED, Reason.ARGUMENTS_NOT_EXACT),
    ),
    Control(
        id="limits",
        name="Calls and money are limited",
        says="Limits are taken from in the decision's own transaction, so that many callers together stay below them.",
        tests=(
            f"{_DECISIONS}test_64_callers_and_a_limit_of_1000_let_exactly_1000_through",
            f"{_DECISIONS}test_money_is_limited_to_the_cent_and_given_back_when_nothing_was_carried_out",
        ),
        reasons=(Reason.LIMIT_REACHED,),
    ),
    Control(
        id="containment",
        name="One agent is stopped, and nothing else",
        says="Pause, constrain and revoke take effect with the next decision of what they name.",
        tests=(f"{_DECISIONS}test_each_scope_of_a_hold_stops_what_it_names_and_nothing_else",),
        reasons=(Reason.AGENT_CONTAINED, Reason.TOOL_CONTAINED, Reason.CUSTOMER_CONTAINED, Reason.OUTSIDE_PROFILE),
    ),
    Control(
        id="monitoring",
        name="Behaviour is compared with the past and with peers",
        says="Each hour of each live agent is judged; a signal says what, why and against which baseline.",
        tests=(
            f"{_WATCH}test_each_kind_rings_for_what_it_is_for",
            f"{_WATCH}test_a_quiet_day_rings_nothing",
        ),
        counts="signals",
    ),
    Control(
        id="uses",
        name="Calls serve an approved intended use",
        says="What an agent is for and not for is approved by a person; withdrawing it refuses the next call.",
        tests=(f"{_DECISIONS}test_withdrawing_a_use_and_ending_a_permit_refuse_the_next_call",),
        reasons=(Reason.USE_NOT_APPROVED, Reason.USE_WITHDRAWN, Reason.USE_UNKNOWN),
    ),
    Control(
        id="evaluation",
        name="A release meets its criteria",
        says="Suites are run before a version goes live; a failed criterion stops it on every channel.",
        tests=(f"{_INCIDENTS}test_a_release_with_a_failed_criterion_is_refused_by_every_channel",),
        counts="runs",
    ),
    Control(
        id="evidence",
        name="The record cannot be changed unseen",
        says="Every decision is an entry of a log whose head is signed; anybody verifies it without the server.",
        tests=(
            f"{_DECISIONS}test_a_decision_is_an_ordinary_entry_with_everything_it_rests_on",
            "tests/unit/proof/test_receipt.py::test_every_changed_field_is_noticed",
        ),
    ),
)
CONTROLS: Final = MappingProxyType({each.id: each for each in _ALL})

LLM_2025: Final = (
    Risk(
        id="LLM01",
        name="Prompt Injection",
        controls=("labels", "never", "approvals", "monitoring"),
        gap="Nobody looks into prompts: an injected text can still change what an agent says, only not what it may do.",
    ),
    Risk(
        id="LLM02",
        name="Sensitive Information Disclosure",
        controls=("data_grants", "labels", "tenancy"),
        gap="An answer that an agent writes to its own user is no call, and is not seen here.",
    ),
    Risk(
        id="LLM03",
        name="Supply Chain",
        controls=("manifests", "evaluation"),
        gap="The model's and the agent's own dependencies are the publisher's; only tools' descriptions are pinned.",
    ),
    Risk(
        id="LLM04",
        name="Data and Model Poisoning",
        controls=("labels", "evaluation"),
        gap="Training and retrieval data are not looked at; what they change shows only in evaluation and behaviour.",
    ),
    Risk(
        id="LLM05",
        name="Improper Output Handling",
        controls=("arguments", "approvals"),
        gap="What a tool does with an argument that fits its schema is the tool's own business.",
    ),
    Risk(
        id="LLM06",
        name="Excessive Agency",
        controls=("mediation", "uses", "approvals", "limits", "containment"),
        gap="It holds for calls that pass here; a tool that an agent reaches by another way is not mediated.",
    ),
    Risk(
        id="LLM07",
        name="System Prompt Leakage",
        controls=("mediation",),
        gap="Prompts are not kept or seen here; that no right rests on one is all that is enforced.",
    ),
    Risk(
        id="LLM08",
        name="Vector and Embedding Weaknesses",
        controls=("tenancy", "data_grants", "labels"),
        gap="It holds for retrieval through a registered tool; the index itself is not looked at.",
    ),
    Risk(
        id="LLM09",
        name="Misinformation",
        controls=("evaluation", "fatigue", "uses"),
        gap="Whether an answer is true is not judged; known errors and limits are told on the transparency page.",
    ),
    Risk(
        id="LLM10",
        name="Unbounded Consumption",
        controls=("limits", "monitoring", "containment"),
        gap="Tokens that a model uses between two calls are not counted here.",
    ),
)

AGENTIC_2026: Final = (
    Risk(
        id="ASI01",
        name="Agent Goal Hijack",
        controls=("labels", "uses", "never", "monitoring"),
        gap="A goal is not read from a plan; only the calls that serve another one are seen.",
    ),
    Risk(
        id="ASI02",
        name="Tool Misuse and Exploitation",
        controls=("mediation", "arguments", "limits", "never"),
        gap="A permitted call with fitting arguments can still be the wrong one.",
    ),
    Risk(
        id="ASI03",
        name="Identity and Privilege Abuse",
        controls=("delegation", "tenancy", "monitoring"),
        gap="That a person is who the identity provider says is the provider's to prove.",
    ),
    Risk(
        id="ASI04",
        name="Agentic Supply Chain Vulnerabilities",
        controls=("manifests",),
        gap="A tool that behaves differently under the same description is seen in its outcomes only.",
    ),
    Risk(
        id="ASI05",
        name="Unexpected Code Execution (RCE)",
        controls=("mediation", "approvals", "never"),
        gap="Where code is run is not attested; tools that run it belong into the lanes of approval or never.",
    ),
    Risk(
        id="ASI06",
        name="Memory and Context Poisoning",
        controls=("labels", "monitoring"),
        gap="An agent's own memory outside registered tools carries no labels.",
    ),
    Risk(
        id="ASI07",
        name="Insecure Inter-Agent Communication",
        controls=("delegation", "labels"),
        gap="Messages between agents are not signed here; authority goes along by delegation only.",
    ),
    Risk(
        id="ASI08",
        name="Cascading Failures",
        controls=("limits", "containment", "delegation"),
        gap="A failure that spreads through systems outside is not seen.",
    ),
    Risk(
        id="ASI09",
        name="Human-Agent Trust Exploitation",
        controls=("fatigue", "approvals"),
        gap="What an agent says to a person outside of an approval is not seen.",
    ),
    Risk(
        id="ASI10",
        name="Rogue Agents",
        controls=("monitoring", "containment", "evidence"),
        gap="An agent that stays within its usual behaviour is not told apart from itself.",
    ),
)
RISKS: Final = MappingProxyType({each.id: each for each in (*LLM_2025, *AGENTIC_2026)})
