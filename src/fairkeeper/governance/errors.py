"""Refusals of the room `governance`; a decision about a call is no exception but an answer, see `policy.decision`."""

from __future__ import annotations

from fairkeeper.errors import ConflictError, InvalidError, NotFoundError


class AgentNotFoundError(NotFoundError):
    """There is no such agent for this principal."""

    code = "governance.agent_not_found"


class ToolNotFoundError(NotFoundError):
    """There is no such tool for this principal."""

    code = "governance.tool_not_found"


class UseNotFoundError(NotFoundError):
    """The agent has no such intended use."""

    code = "governance.use_not_found"


class PermitNotFoundError(NotFoundError):
    """There is no such permit for this principal."""

    code = "governance.permit_not_found"


class GrantNotFoundError(NotFoundError):
    """There is no such grant of data for this principal."""

    code = "governance.grant_not_found"


class LimitNotFoundError(NotFoundError):
    """There is no such limit for this principal."""

    code = "governance.limit_not_found"


class ContainmentNotFoundError(NotFoundError):
    """Nothing is held under this id for this principal."""

    code = "governance.containment_not_found"


class DelegationNotFoundError(NotFoundError):
    """There is no such delegation for this principal."""

    code = "governance.delegation_not_found"


class DecisionNotFoundError(NotFoundError):
    """There is no such decision for this principal."""

    code = "governance.decision_not_found"


class TaskNotFoundError(NotFoundError):
    """Nothing has reached a task of this name."""

    code = "governance.task_not_found"


class NameTakenError(ConflictError):
    """An agent or tool of this name is in this environment already."""

    code = "governance.name_taken"
    remedy = "Choose another name, or change the one that is there."


class StateRefusedError(ConflictError):
    """The thing is in another state than the request supposes."""

    code = "governance.state_refused"


class SchemaNotUnderstoodError(InvalidError):
    """The schema of a tool's arguments uses what is not understood, so it could not be enforced."""

    code = "governance.schema_not_understood"
    remedy = (
        "Name every argument; use type, properties, required, enum, const, bounds, sizes, items and plain patterns."
    )


class WrongEnvironmentError(InvalidError):
    """Agent and tool, or source and target, are not of the environments that this needs."""

    code = "governance.wrong_environment"
    remedy = "Promote the agent, or use the tool that is registered for its environment."


class WiderThanGivenError(InvalidError):
    """A delegation or a change would give more than whoever gives it has."""

    code = "governance.wider_than_given"
    remedy = "Give at most what was given."


class NotDescribedError(InvalidError):
    """The description of this agent is not for everybody."""

    code = "governance.not_described"
    remedy = "Describe an agent of the publisher that is live; a customer's agents are the customer's to describe."


class ContainmentRefusedError(InvalidError):
    """This cannot be held in this way."""

    code = "governance.containment_refused"
    remedy = (
        "Name one agent, tool or customer; for a constraint, one of the profiles; for a drill, an end within a day."
    )
