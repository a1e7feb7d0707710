"""The parts that pages are made of: what each macro under `templates/parts/` is given.

Separate from the pages, because the same part has to look and behave alike wherever it stands. Frozen values without
behaviour; whoever fills them has already asked an operation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from fairkeeper.values.money import Money
from fairkeeper.web.format import StateWord, Tone

LOGO_PATH = "/marketplace/logo"

STEPS = ("Buy", "Activate", "Consent", "Provision", "Operate", "Revoke")
"""A customer's path, in its order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A way to another page."""

    label: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Logo:
    """The publisher's logo, as this installation serves it: no other picture's address can be shown.

    Args:
        digest: The beginning of its SHA-256, under which a browser may keep it.

    Example:
        >>> Logo(digest=bytes.fromhex("0a1b")).href
        '/marketplace/logo?v=0a1b'
    """

    digest: bytes

    @property
    def href(self) -> str:
        """Its address."""
        return f"{LOGO_PATH}?v={self.digest.hex()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """An id in monospace, copied with one click.

    Args:
        text: The whole id.
        names: What it is an id of, for the copy button's name (`subscription id`).
        href: Where the thing is shown, if not here.
        is_whole: Show it unshortened even on a narrow page (a root hash that is compared by eye).
    """

    text: str
    names: str
    href: str | None = None
    is_whole: bool = False


Value = str | int | Money | date | Identifier | StateWord | Link | None
"""What a key-value sheet shows; None is "not given"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line of a key-value sheet; the note says what the value means here."""

    label: str
    value: Value
    note: str = ""


class Standing(StrEnum):
    """Where a step of the path stands."""

    DONE = "done"
    NOW = "now"
    NEXT = "next"
    BROKEN = "broken"
    SKIPPED = "skipped"
    """Not needed on this path (no consent asked for)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathStep:
    """One step: when it was done or is due, and the reason if it is broken or the figure if it is being done."""

    standing: Standing
    on: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathPlace:
    """A step as it is drawn: its name, its word, and whether the line behind it has been walked."""

    name: str
    step: PathStep
    word: str
    is_passed: bool


_REACHED = (Standing.DONE, Standing.NOW, Standing.BROKEN)
_WORDS = {
    Standing.DONE: "Done",
    Standing.NOW: "Now",
    Standing.NEXT: "Next",
    Standing.BROKEN: "Broken",
    Standing.SKIPPED: "Not needed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """The six steps of a path, in their order.

    Args:
        steps: Where each stands.
        names: What they are called; a customer's path unless it says otherwise.

    Raises:
        ValueError: There are not six steps.
    """

    steps: Sequence[PathStep]
    names: Sequence[str] = STEPS

    def __post_init__(self) -> None:
        """Refuse a path that is not the six steps."""
        if not len(self.steps) == len(self.names) == len(STEPS):
            raise ValueError(f"a path has {len(STEPS)} steps, not {len(self.steps)}")

    @property
    def places(self) -> Sequence[PathPlace]:
        """The steps with their names and words, as the line is drawn."""
        reached = max((n for n, step in enumerate(self.steps) if step.standing in _REACHED), default=-1)
        following = next((n for n, step in enumerate(self.steps) if step.standing is Standing.NEXT), -1)
        return tuple(
            PathPlace(
                name=name,
                step=step,
                word="Later" if step.standing is Standing.NEXT and n != following else _WORDS[step.standing],
                is_passed=n < reached,
            )
            for n, (name, step) in enumerate(zip(self.names, self.steps, strict=True))
        )


class Level(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A fact about data or configuration that needs a person.

    Args:
        level: How much it matters.
        what: What is the case, with its values.
        remedy: What to do.
        since_at: Since when.
        where: The thing it is about.
        at_stake: How much money or risk.
        resource: The official resource that explains it.
        owner: Who takes care of it; nobody yet if empty.
        close: The form that closes it with a reason.
    """

    level: Level
    what: str
    remedy: str
    since_at: datetime | None = None
    where: Link | None = None
    at_stake: str = ""
    resource: Link | None = None
    owner: str = ""
    close: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """Something that is due.

    Args:
        due_at: When.
        what: What is due.
        otherwise: What happens if nobody acts.
        where: The thing it is about.
        at_stake: How much money or risk.
        owner: Who takes care of it; nobody yet if empty.
        action: What to do about it.
    """

    due_at: datetime
    what: str
    otherwise: str
    where: Link | None = None
    at_stake: str = ""
    owner: str = ""
    action: Link | None = None


class ProofState(StrEnum):
    """What the log can prove about an entry now."""

    VERIFIED = "verified"
    """Included in a checkpoint that a witness has signed too."""
    NOT_WITNESSED = "not_witnessed"
    """Included in a checkpoint that only this server has signed."""
    WAITING = "waiting_for_the_checkpoint"
    """Durable, not yet tamper-evident."""
    ERASED = "erased"
    """Included and still provable; its payload was erased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The proof badge: what is proved, and the way to the proof."""

    state: ProofState
    href: str
    index: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One evidence entry in words: what happened, who did it and for whom."""

    happened_at: datetime
    sentence: str
    kind: str
    who: str
    proof: Proof
    for_whom: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Evidence entries, newest first.

    Args:
        entries: The entries shown.
        earlier: The way to the ones before.
        refresh_href: Address of the same page, asked again while an entry waits for its checkpoint; none if empty.
    """

    entries: Sequence[TimelineEntry]
    earlier: Link | None = None
    refresh_href: str = ""

    @property
    def newest(self) -> str:
        """Address of the newest entry's proof; another one says that more has happened. Empty for no entries."""
        return self.entries[0].proof.href if self.entries else ""

    @property
    def is_waiting(self) -> bool:
        """Whether an entry still waits for its checkpoint."""
        return any(entry.proof.state is ProofState.WAITING for entry in self.entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Empty:
    """An empty room: what it does for the reader, and the first step."""

    title: str
    text: str
    action: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One of several pages about the same thing."""

    label: str
    href: str
    is_here: bool = False
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What was recorded a moment ago, with the way back where there is one."""

    text: str
    tone: Tone = Tone.GOOD
    proof: Proof | None = None
    undo: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check of a thing that arrived or is asked for: what was checked, how it stands, and why."""

    what: str
    state: StateWord
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The derived answer to "may this act now", and every reason against it (or the ones for it)."""

    question: str
    is_yes: bool
    reasons: Sequence[str] = field(default_factory=tuple)
