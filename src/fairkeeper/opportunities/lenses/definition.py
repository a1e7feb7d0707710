"""What a lens is: a readable file that says whom it applies to, what speaks for and against, and what it is worth.

A lens adds up log odds. Each term reads one feature through a line of points, and what it adds is kept, so that a
card can say why. A feature that is unknown adds nothing and lowers the confidence by the term's own weight: it is
neither zero nor average. Microsoft's propensities are terms among others.

The shipped weights were set on development seeds of the declared market (`fairkeeper.sandbox.insights`) and rounded;
how they do on others, and on a publisher's own outcomes, is published by `fairkeeper opportunities report`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from fairkeeper.opportunities.errors import LensUnknownError, LensUnreadableError
from fairkeeper.opportunities.lenses.features import DESCRIPTIONS

SHIPPED: Final = ("expansion", "conversion", "at_risk", "transformation", "e7", "agent_365")
_LARGEST_FILE: Final = 100_000


class Motion(StrEnum):
    """What a seller does about it."""

    SELL = "sell"
    ENABLE = "enable"
    EXPAND = "expand"
    GOVERN = "govern"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A feature within bounds; unknown is not within."""

    feature: str
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One thing that speaks for or against.

    Attributes:
        points: Feature to log odds, in a line from point to point and level beyond the ends.
        says: The sentence of evidence; `{utilization:%}` writes a feature as a percentage.
        against: The sentence where it speaks against; the same one if none is given.
        change: What would have to be so for it not to speak any more.
    """

    feature: str
    points: tuple[tuple[float, float], ...]
    says: str
    change: str
    against: str = ""
    is_vendors: bool = False

    def sentence_for(self, odds: float) -> str:
        """Return the sentence that fits what it adds."""
        return self.against if odds < 0 and self.against else self.says

    @property
    def weight(self) -> float:
        """The most that it can add or take."""
        return max(abs(odds) for _, odds in self.points)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """How many seats are at stake: a feature times a share, and which product's price they have."""

    seats: str
    share: float
    product: str
    months: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """One way to rank accounts.

    Attributes:
        motions: The motion where a bound holds, the first that does; then `motion`.
        enter, leave: The likelihood at which a card is opened, and under which an open one is closed.
        order: `expected` ranks by likelihood times seats, `likelihood` by likelihood.
        outcome: What counts as having been right, in words.
        digest: SHA-256 of the file's text.
        text: The file itself, kept with each ranking so that it can be explained by what it was made with.
    """

    name: str
    title: str
    question: str
    version: int
    horizon_months: int
    applies: tuple[Bound, ...]
    base: float
    terms: tuple[Term, ...]
    worth: Worth
    motion: Motion
    motions: tuple[tuple[Bound, Motion], ...]
    enter: float
    leave: float
    order: str
    first: str
    outcome: str
    digest: str
    text: str

    @property
    def total_weight(self) -> float:
        """The weight of all its terms, against which what is known is measured."""
        return sum(term.weight for term in self.terms)


@lru_cache(maxsize=8)
def load_lenses(folder: Path | None = None) -> tuple[Lens, ...]:
    """Return the shipped lenses, each replaced by a publisher's own file of the same name, and any others there.

    Raises:
        LensUnreadableError: A file is not of the shape of the shipped ones, or names an unknown feature.
    """
    texts = {
        name: files("fairkeeper.opportunities.lenses").joinpath("shipped", f"{name}.yaml").read_text("utf-8")
        for name in SHIPPED
    }
    if folder is not None:
        try:
            texts |= {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("*.yaml"))}
        except (OSError, UnicodeDecodeError) as error:
            msg = f"The folder of lenses {folder} cannot be read: {error}."
            raise LensUnreadableError(msg) from error
    return tuple(read_lens(name, text) for name, text in texts.items())


def lens_named(name: str, lenses: Sequence[Lens]) -> Lens:
    """Return a lens by its name, written with `_` or `-`.

    Raises:
        LensUnknownError: There is none.
    """
    plain = name.strip().lower().replace("-", "_").removesuffix("_ready")
    for lens in lenses:
        if lens.name == plain:
            return lens
    msg = f"There is no lens {name!r}; there are {', '.join(lens.name for lens in lenses)}."
    raise LensUnknownError(msg)


@lru_cache(maxsize=64)
def read_lens(name: str, text: str) -> Lens:
    """Read one definition.

    Raises:
        LensUnreadableError: Naming the file and what is wrong with it.
    """
    import yaml

    if len(text) > _LARGEST_FILE:
        raise LensUnreadableError(f"The lens {name} is longer than {_LARGEST_FILE:,} characters.")
    try:
        return _lens(name, yaml.safe_load(text), text)
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"there is no {error}" if isinstance(error, KeyError) else str(error)
        msg = f"The lens {name} cannot be used: {what}."
        raise LensUnreadableError(msg) from error


def _lens(name: str, raw: Mapping[str, Any], text: str) -> Lens:
    worth = raw["worth"]
    lens = Lens(
        name=name,
        title=str(raw["title"]),
        question=str(raw["question"]),
        version=int(raw["version"]),
        horizon_months=int(raw["horizon_months"]),
        applies=tuple(_bound(each) for each in raw["applies"]),
        base=float(raw["base"]),
        terms=tuple(_term(each) for each in raw["terms"]),
        worth=Worth(
            seats=_feature(worth["seats"]),
            share=float(worth["share"]),
            product=str(worth["product"]),
            months=int(worth.get("months", 12)),
        ),
        motion=Motion(raw["motion"]),
        motions=tuple((_bound(each), Motion(each["motion"])) for each in raw.get("motions", ())),
        enter=float(raw["enter"]),
        leave=float(raw["leave"]),
        order=str(raw["order"]),
        first=str(raw["first"]),
        outcome=str(raw["outcome"]),
        digest=hashlib.sha256(text.encode()).hexdigest(),
        text=text,
    )
    if not lens.terms or not 0 <= lens.leave <= lens.enter <= 1 or lens.order not in ("expected", "likelihood"):
        raise ValueError("it needs terms, 0 <= leave <= enter <= 1, and an order of expected or likelihood")
    return lens


def _bound(raw: Mapping[str, Any]) -> Bound:
    low, high = raw.get("at_least"), raw.get("at_most")
    if low is None and high is None:
        raise ValueError("a bound needs at_least or at_most")
    return Bound(
        feature=_feature(raw["feature"]),
        at_least=None if low is None else float(low),
        at_most=None if high is None else float(high),
    )


def _term(raw: Mapping[str, Any]) -> Term:
    points = tuple((float(x), float(y)) for x, y in raw["points"])
    if len(points) < 2 or any(left[0] >= right[0] for left, right in pairwise(points)):
        raise ValueError(f"the points of {raw['feature']} are not in order")
    return Term(
        feature=_feature(raw["feature"]),
        points=points,
        says=str(raw["says"]),
        change=str(raw["change"]),
        against=str(raw.get("against", "")),
        is_vendors=bool(raw.get("vendor", False)),
    )


def _feature(name: Any) -> str:
    if name not in DESCRIPTIONS:
        raise ValueError(f"there is no feature {name!r}")
    return str(name)
