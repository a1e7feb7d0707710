"""An action as a question: asked on a page of its own (or in a dialog), answered by one form, told by its entry.

One way for all of them, so that every action keeps what was typed when it is refused, is the same request when its
button is pressed twice, and shows what was recorded.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pydantic import ValidationError
from starlette.responses import Response

from fairkeeper.action.operation import Operation
from fairkeeper.errors import ErrorKind, FairkeeperError
from fairkeeper.evidence.queries import list_entries
from fairkeeper.evidence.views import EntryPage
from fairkeeper.web.addresses import Address
from fairkeeper.web.forms import Field, FieldKind, Form, Question, with_answers
from fairkeeper.web.pages.answers import QuestionPage
from fairkeeper.web.parts import Link
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import STATUSES

_ENTRIES_LOOKED_AT: Final = 20
_TOLD_IN_THE_FORM: Final = frozenset({ErrorKind.INVALID, ErrorKind.CONFLICT, ErrorKind.UNAVAILABLE, ErrorKind.UPSTREAM})
_PROBLEMS: Final[Mapping[str, str]] = {
    "missing": "Fill this in.",
    "string_too_short": "At least {min_length} characters.",
    "string_too_long": "At most {max_length} characters.",
    "int_parsing": "A whole number.",
    "greater_than_equal": "At least {ge}.",
    "less_than_equal": "At most {le}.",
    "too_short": "At least one.",
    "string_pattern_mismatch": "Not of the expected form.",
    "enum": "Choose one of these.",
    "literal_error": "Choose one of these.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """An action that is asked about.

    Args:
        operation: What a yes runs.
        question: How it is asked; its form's action is the address that asks.
        back: The page to show afterwards.
        room: The room it lies in.
        fixed: Input that is not typed.
        trail: The way back up.
        read: Turns what was typed into the operation's input; by default each field as it stands, empty ones left out.
    """

    operation: Operation
    question: Question
    back: str
    room: str
    fixed: Mapping[str, Any] = field(default_factory=dict)
    trail: Sequence[Link] = ()
    read: Callable[[Mapping[str, str]], Mapping[str, Any]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """How an action is asked about.

    Args:
        opener: What the button says that asks.
        title: The question.
        points: What will happen, one point a sentence.
        submit: What the button says that does it; the opener if empty.
        fields: What has to be typed.
        cannot_undo: What cannot be undone; empty if everything can.
        typed_word: What must be typed to go on.
        is_dangerous: Whether it stops or destroys something.
    """

    opener: str
    title: str
    points: Sequence[str]
    submit: str = ""
    fields: Sequence[Field] = ()
    cannot_undo: str = ""
    typed_word: str = ""
    is_dangerous: bool = False


def question_at(address: str, words: Words, *, back: str) -> Question:
    """Return the question that is asked at an address, as a page there and as a dialog elsewhere."""
    name = address.strip("/").replace("/", "-")
    form = Form(
        id=f"{name}-form",
        action=address,
        submit=words.submit or words.opener,
        idempotency_key=new_key(),
        fields=words.fields,
        is_dangerous=words.is_dangerous,
        cancel=Link(label="Go back", href=back),
    )
    return Question(
        id=name,
        opener=words.opener,
        href=address,
        title=words.title,
        points=words.points,
        form=form,
        cannot_undo=words.cannot_undo,
        typed_word=words.typed_word,
    )


def new_key() -> str:
    """Return a new idempotency key for a form."""
    return f"web_{secrets.token_urlsafe(18)}"


def reason_field(hint: str = "It is recorded, and the customer can read it.", name: str = "reason") -> Field:
    """Return the field for a reason."""
    return Field(name=name, label="Reason", kind=FieldKind.LONG_TEXT, hint=hint)


def ask(visit: Visit, asking: Asking) -> Response:
    """Show the question as a page."""
    page = QuestionPage(frame=frame(visit, asking.room), trail=asking.trail, question=asking.question)
    return visit.show(page)


def answer_question(visit: Visit, asking: Asking) -> Response:
    """Do what was asked about, and go back; or show the question again with what is wrong."""
    wrong = wrong_word(visit, asking.question)
    if wrong:
        return _again(visit, asking, 422, {"typed_word": wrong})
    typed = asking.read(visit.form) if asking.read else typed_fields(visit, asking.question.form)
    answered = try_to(visit, asking.operation, **asking.fixed, **typed)
    if isinstance(answered, Refused):
        return ask_again(visit, asking, answered)
    return visit.go(told(visit, asking.back))


def ask_again(visit: Visit, asking: Asking, refused: Refused) -> Response:
    """Show the question again with what was typed and what is wrong with it."""
    return _again(visit, asking, refused.status, refused.errors, refused.whole)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why a form was not carried out, so that it can be shown again with what was typed.

    Args:
        status: Of the answer.
        errors: What is wrong with each field.
        whole: What is wrong with the whole.
    """

    status: int
    errors: Mapping[str, str] = field(default_factory=dict)
    whole: str = ""


def try_to(visit: Visit, operation: Operation, **fields: Any) -> Any:
    """Run an operation with what a form sent; return its result, or a `Refused` that the form can tell.

    Raises:
        FairkeeperError: What no form can mend: not allowed, not there, a mistake of ours.
    """
    try:
        return visit.run(operation, **fields)
    except ValidationError as error:
        return Refused(status=422, errors=problems_of(error))
    except FairkeeperError as error:
        if error.kind not in _TOLD_IN_THE_FORM:
            raise
        status = 422 if error.kind is ErrorKind.INVALID else STATUSES[error.kind]
        return Refused(status=status, whole=f"{error.message} {error.remedy}")


def told(visit: Visit, back: str) -> str:
    """Return the address to go back to, with the entry of what was just recorded in its query."""
    return str(_address(back).having(recorded=recorded_entry(visit)))


def recorded_entry(visit: Visit) -> str:
    """Return the id of the entry that this request recorded; `yes` where none can be named."""
    if not visit.allows(list_entries):
        return "yes"
    found: EntryPage = visit.run(list_entries, limit=_ENTRIES_LOOKED_AT)
    own = (entry.entry_id for entry in found.entries if entry.request_id == visit.request_id)
    return next(own, "yes")


def typed_fields(visit: Visit, form: Form) -> dict[str, Any]:
    """Return what was typed into a form's fields; what is empty was left out."""
    names = (each.name for each in form.fields if each.name != "typed_word")
    return {name: value for name in names if (value := visit.form.get(name, "").strip())}


def wrong_word(visit: Visit, question: Question) -> str:
    """Say what is wrong with the word that had to be typed; nothing if it is right or none is asked for."""
    word = question.typed_word
    if not word or visit.form.get("typed_word", "").strip() == word:
        return ""
    return f"Type “{word}”, exactly so."


def problems_of(error: ValidationError) -> dict[str, str]:
    """Return what is wrong with each field, in words.

    Example:
        >>> from pydantic import BaseModel, Field
        >>> class Seats(BaseModel):
        ...     quantity: int = Field(ge=1)
        >>> try:
        ...     Seats.model_validate({"quantity": "0"})
        ... except ValidationError as error:
        ...     problems_of(error)
        {'quantity': 'At least 1.'}
    """
    found: dict[str, str] = {}
    for problem in error.errors(include_url=False, include_input=False):
        name = str(problem["loc"][0]) if problem["loc"] else "form"
        words = _PROBLEMS.get(problem["type"])
        told_as = words.format(**problem.get("ctx", {})) if words else f"{problem['msg']}."
        found.setdefault(name, told_as)
    return found


def _again(visit: Visit, asking: Asking, status: int, errors: Mapping[str, str], whole: str = "") -> Response:
    question = asking.question
    form = with_answers(question.full_form, visit.form, errors, whole)
    page = QuestionPage(
        frame=frame(visit, asking.room), trail=asking.trail, question=replace(question, form=replace(form))
    )
    return visit.show(page, status)


def _address(text: str) -> Address:
    path, _, query = text.partition("?")
    pairs = [(name, value) for name, _, value in (pair.partition("=") for pair in query.split("&")) if name]
    return Address.of(path, pairs)
