"""What a verifier found: facts about a file that make it no proof.

Apart from `fairkeeper.values.findings`, which speak of a publisher's own data and cite Microsoft's rules: these speak
to somebody who trusts nobody, are always errors, and never an exception, whatever the file holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fairkeeper.errors import FairkeeperError

MOST_FINDINGS = 100
"""How many findings are kept with their words; the rest is only counted, so that a ruined file stays readable."""


@dataclass(frozen=True, slots=True)
class ProofFinding:
    """One reason not to believe a file.

    Attributes:
        code: Stable name, `proof.what`.
        message: What was found, with the values.
        line: Line of the file, from 1; 0 for the file as a whole.
    """

    code: str
    message: str
    line: int = 0


@dataclass(slots=True)
class FindingLog:
    """Collects findings while a file is read."""

    kept: list[ProofFinding] = field(default_factory=list)
    count: int = 0

    def add(self, code: str, message: str, line: int = 0) -> None:
        """Enter one finding."""
        self.count += 1
        if len(self.kept) < MOST_FINDINGS:
            self.kept.append(ProofFinding(code, message, line))

    def add_error(self, error: FairkeeperError, line: int = 0) -> None:
        """Enter what an error says."""
        self.add(error.code, error.message, line)
