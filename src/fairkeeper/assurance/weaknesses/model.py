"""What a scan finds: one weakness at one place, the same one however often it is found."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """What was looked at."""

    EXPOSURE = "exposure"
    CONFIGURATION = "configuration"
    DEPENDENCY = "dependency"
    SECRET = "secret"  # noqa: S105  (a kind of look, not a secret)


class Level(StrEnum):
    """How much it matters."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One weakness.

    Attributes:
        code: What kind it is, or the advisory's id.
        place: Where: a route, a setting, a package with its version, a file or column. Never a secret.
        what: In words, without any secret.
    """

    source: Source
    code: str
    place: str
    level: Level
    what: str
    remedy: str

    @property
    def key(self) -> str:
        """The same for the same weakness at the same place.

        Example:
            >>> one = Found(source=Source.SECRET, code="pem", place="a", level=Level.ERROR, what="w", remedy="r")
            >>> one.key, len(one.key)
            ('wkn_10025c6d4abf4c1d3aebee55', 28)
        """
        text = f"{self.source.value}\n{self.code}\n{self.place}"
        return f"wkn_{hashlib.sha256(text.encode()).hexdigest()[:24]}"
