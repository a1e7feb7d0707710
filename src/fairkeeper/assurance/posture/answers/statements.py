"""Reads the statements that questionnaires are answered with, and holds them to what they may be.

They are data, so that a publisher's own file can take their place; what is wrong with one is said with its id.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from fairkeeper.assurance.errors import StatementsUnreadableError
from fairkeeper.assurance.posture.answers.matching import Phrases, Statement, Term, replace_phrases, words_of
from fairkeeper.assurance.posture.around import EVERY_CONTROL

NOT_SAID: Final = "No control of Fairkeeper speaks of it; whoever runs the service answers."
_Short = Annotated[str, StringConstraints(min_length=1, max_length=120)]
_Long = Annotated[str, StringConstraints(min_length=1, max_length=1200)]
_Terms = Annotated[dict[_Short, int], Field(min_length=1, max_length=60)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Covered(_Strict):
    id: _Short
    control: _Short
    title: _Short
    answer: _Long
    limit: _Long
    terms: _Terms


class _Uncovered(_Strict):
    id: _Short
    title: _Short
    terms: _Terms
    why: _Long = NOT_SAID


class _File(_Strict):
    synonyms: Annotated[dict[_Short, list[_Short]], Field(max_length=200)] = {}
    covered: Annotated[list[_Covered], Field(min_length=1, max_length=300)]
    uncovered: Annotated[list[_Uncovered], Field(max_length=300)] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """What questions are held against."""

    statements: tuple[Statement, ...]
    phrases: Phrases


@cache
def shipped() -> Statements:
    """Return the statements that come with Fairkeeper."""
    return read_statements(files("fairkeeper.assurance.posture.answers").joinpath("statements.yaml").read_text("utf-8"))


def read_statements(text: str, controls: Collection[str] = EVERY_CONTROL) -> Statements:
    """Read a file of statements.

    Raises:
        StatementsUnreadableError: Naming the place.
    """
    try:
        read = _File.model_validate(yaml.safe_load(text))
    except (yaml.YAMLError, ValidationError, RecursionError) as error:
        raise StatementsUnreadableError(_told(error)) from error
    ids = [*(each.id for each in read.covered), *(each.id for each in read.uncovered)]
    twice = sorted({each for each in ids if ids.count(each) > 1})
    if twice:
        raise StatementsUnreadableError(f"Several statements are called {twice[0]!r}.")
    phrases = {words_of(phrase): name for name, many in read.synonyms.items() for phrase in (name, *many)}
    found = []
    for each in read.covered:
        if each.control not in controls:
            raise StatementsUnreadableError(f"{each.id} rests on the control {each.control!r}, which there is not.")
        found.append(
            Statement(
                id=each.id,
                title=each.title,
                control=each.control,
                answer=each.answer,
                limit=each.limit,
                terms=_terms(each.id, each.terms, phrases),
            )
        )
    found += [
        Statement(
            id=each.id,
            title=each.title,
            control="",
            answer="",
            limit=each.why,
            terms=_terms(each.id, each.terms, phrases),
        )
        for each in read.uncovered
    ]
    return Statements(statements=tuple(found), phrases=phrases)


def _terms(owner: str, terms: Mapping[str, int], phrases: Phrases) -> tuple[Term, ...]:
    found = []
    for text, weight in terms.items():
        rules_out = text.startswith("-")
        parts = tuple(replace_phrases(words_of(each), phrases) for each in text.removeprefix("-").split("+"))
        if not all(parts) or (weight < 1 and not rules_out) or weight > 9:
            raise StatementsUnreadableError(
                f"{owner} has the term {text!r} without words or with a weight beyond 1 to 9."
            )
        found.append(Term(text=text, parts=parts, weight=0 if rules_out else weight, rules_out=rules_out))
    return tuple(found)


def _told(error: Exception) -> str:
    if isinstance(error, ValidationError):
        problem: Any = error.errors(include_input=False, include_url=False)[0]
        return f"{'.'.join(map(str, problem['loc'])) or 'The file'}: {problem['msg']}."
    return f"The file is no YAML: {' '.join(str(error).split())[:200]}."
