"""What can stand between an agent and its tool, beside its own failure."""

from __future__ import annotations

from fairkeeper.errors import DeniedError, InvalidError, UnavailableError


class CallRefusedError(DeniedError):
    """The call is not allowed; the message says why, for the agent and its user."""

    code = "agent.call_refused"
    remedy = "Do not call the tool. What is not permitted may be asked for."


class ApprovalNeededError(CallRefusedError):
    """A person has to approve exactly this call; `detail` names the approval."""

    code = "agent.approval_needed"
    remedy = "Wait for the answer in the console, then make the same call again."


class DecisionUnavailableError(UnavailableError):
    """Nobody could be asked in time, so the answer is no."""

    code = "agent.decision_unavailable"
    remedy = "Try again when Fairkeeper can be reached; nothing was called."


class ConfigurationRefusedError(InvalidError):
    """The configuration of a gateway or a client cannot be used."""

    code = "agent.configuration"
    remedy = "Correct the configuration and start again."
