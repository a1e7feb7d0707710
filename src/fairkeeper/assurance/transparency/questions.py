"""Questions that a page has to answer for whoever decides by it, and the sheet on which readers are scored.

Two audiences: a customer's people who rely on an agent, and whoever approves one of its calls. A reader gets the page
and the questions, and nobody's help. Each answer is scored: 2 right and found alone, 1 partly or with help, 0 wrong or
not found. Essential questions are those whose wrong answer does harm.

Source of the method: the Responsible AI Standard v2 asks (T1) that whoever decides by a system can interpret it. The
questions, the scores and what they must reach are this project's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Reader(StrEnum):
    """Who reads a page."""

    CUSTOMER = "customer"
    APPROVER = "approver"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question.

    Attributes:
        where: The id of the page's section that answers it.
        essential: Whether a wrong answer does harm.
    """

    id: str
    reader: Reader
    text: str
    where: str
    essential: bool = False


def _of(reader: Reader, *rows: tuple[str, str, str, bool]) -> tuple[Question, ...]:
    return tuple(
        Question(id=name, reader=reader, text=text, where=where, essential=essential)
        for name, where, text, essential in rows
    )


QUESTIONS: Final[tuple[Question, ...]] = (
    *_of(
        Reader.CUSTOMER,
        ("purpose", "uses", "What is this agent for?", False),
        ("not_for", "uses", "Name something that you must not use it for.", True),
        ("errors", "reliance", "What is it known to get wrong?", True),
        ("alone", "lanes", "What does it do without asking anybody?", True),
        ("asks", "lanes", "What does it do only after a person approved it?", True),
        ("reason", "lanes", "Why may it use each tool?", False),
        ("data", "data", "Which data does it read or change, who allowed it, and until when?", True),
        ("accountable", "people", "Whom do you ask when something went wrong?", True),
        ("evaluation", "evaluation", "When was it last evaluated, and did it pass?", False),
        ("incidents", "incidents", "Is an incident open?", False),
        ("stop", "stop", "How is it stopped, and from when on?", True),
        ("held", "stop", "Is it stopped now?", True),
    ),
    *_of(
        Reader.APPROVER,
        ("action", "will", "What will happen if you approve?", True),
        ("values", "exactly", "With which values?", True),
        ("cause", "why", "Why is a person asked?", False),
        ("use", "why", "Which intended use does it serve?", False),
        ("origin", "origins", "Where did the values come from?", True),
        ("undo", "will", "What does it do at worst?", True),
        ("silence", "facts", "Until when can you answer?", False),
        ("bound", "facts", "To what exactly is your answer bound?", False),
    ),
)
MAXIMUM: Final = 2
_ESSENTIAL_PERCENT: Final = 90
_OTHERS_PERCENT: Final = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """How one question was answered.

    Attributes:
        points: Of every reader, together.
        most: What they could have reached.
    """

    question: Question
    points: int
    most: int
    needed_percent: int

    @property
    def is_met(self) -> bool:
        """Whether enough was understood; a question that nobody was asked is not met."""
        return self.most > 0 and 100 * self.points >= self.needed_percent * self.most


def questions_for(reader: Reader) -> tuple[Question, ...]:
    """Return the questions of an audience.

    Example:
        >>> [each.id for each in questions_for(Reader.APPROVER)][:2]
        ['action', 'values']
    """
    return tuple(each for each in QUESTIONS if each.reader is reader)


def scored(reader: Reader, points: Mapping[str, Sequence[int]]) -> tuple[Scored, ...]:
    """Return how each question of an audience was answered.

    Args:
        points: For each question, the points of each reader.

    Raises:
        ValueError: For a question that is not on the sheet, or points that are not 0, 1 or 2.
    """
    asked = {each.id: each for each in questions_for(reader)}
    for name, given in points.items():
        if name not in asked:
            msg = f"{name!r} is no question for the {reader.value}"
            raise ValueError(msg)
        if any(each not in range(MAXIMUM + 1) for each in given):
            msg = f"{name}: points are 0, 1 or 2"
            raise ValueError(msg)
    return tuple(
        Scored(
            question=each,
            points=sum(points.get(name, ())),
            most=MAXIMUM * len(points.get(name, ())),
            needed_percent=_ESSENTIAL_PERCENT if each.essential else _OTHERS_PERCENT,
        )
        for name, each in asked.items()
    )


def score_page(reader: Reader, sections: Mapping[str, str], answers: Mapping[str, Sequence[str]]) -> tuple[Scored, ...]:
    """Return what a page would score with a reader who only finds what is written in the section that answers.

    An answer in the right section counts 2, one elsewhere on the page 1.

    Args:
        sections: The text of each section of the page, by its id.
        answers: For each question, every text that an answer needs.
    """
    whole = " ".join(sections.values())
    points: dict[str, list[int]] = {}
    for each in questions_for(reader):
        needed = answers.get(each.id, ())
        if not needed:
            continue
        here, anywhere = sections.get(each.where, ""), whole
        points[each.id] = [
            2 if all(text in here for text in needed) else 1 if all(text in anywhere for text in needed) else 0
        ]
    return scored(reader, points)
