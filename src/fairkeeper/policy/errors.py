"""Refusals of policies and schemas, at the time they are saved or loaded."""

from __future__ import annotations

from dataclasses import dataclass

from fairkeeper.errors import InvalidError


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyProblem:
    """One thing that is wrong with a set of policies.

    Args:
        policy_id: The `@id` of the policy, None where it concerns no single one.
        message: What is wrong.
    """

    policy_id: str | None
    message: str

    def __str__(self) -> str:
        """Write it as `id: message`."""
        return f"{self.policy_id}: {self.message}" if self.policy_id else self.message


class PolicyRefusedError(InvalidError):
    """Policies or their schema cannot be used; nothing was replaced.

    Args:
        problems: Everything that is wrong, at least one.
    """

    code = "policy.refused"
    remedy = "Correct the policies and save them again; those in force stay as they are."

    def __init__(self, problems: tuple[PolicyProblem, ...]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems
