"""Forms: what a person fills in, what stays when something fails, and the questions asked before what cannot be undone.

Separate from the other parts, because a form carries an action's idempotency key: pressing twice, or going back and
pressing again, is the same request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from fairkeeper.web.parts import Link


class FieldKind(StrEnum):
    """How a field is filled in."""

    TEXT = "text"
    EMAIL = "email"
    URL = "url"
    NUMBER = "number"
    DATE = "date"
    SECRET = "password"  # noqa: S105  (the kind of the input, not a password)
    LONG_TEXT = "textarea"
    SELECT = "select"
    RADIO = "radio"
    CHECKBOX = "checkbox"
    FILE = "file"
    """A small file; its bytes come in base64, as if they had been typed."""
    CHECKBOXES = "checkboxes"
    """Several of the options; the values stand together, with a space between them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of the values a field offers."""

    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field, with what was typed and what is wrong with it.

    Args:
        name: What the form sends.
        label: What the reader is asked.
        kind: How it is filled in.
        value: What was typed, or stands there at first; `on` for a ticked checkbox, the ticked ones' values with a
            space between them for several.
        hint: What to know before typing.
        error: What is wrong with what was typed; empty if nothing.
        options: For a select, radio buttons or several checkboxes.
        is_required: Whether it may stay empty.
        autocomplete: HTML's word for what browsers may fill in.
        unit: What a number counts.
    """

    name: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    value: str = ""
    hint: str = ""
    error: str = ""
    options: Sequence[Option] = ()
    is_required: bool = True
    autocomplete: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form that runs one action.

    Args:
        id: The element's id; field ids derive from it, so two forms on a page never clash.
        action: Where it is sent.
        submit: What the button says: the action itself, never "OK".
        idempotency_key: Drawn when the page was made; the same key is the same request.
        fields: The fields in order.
        hidden: Names and values sent along.
        error: What went wrong with the whole, what was kept, what to do.
        is_dangerous: Whether it destroys or stops something.
        cancel: The way back without doing it.
    """

    id: str
    action: str
    submit: str
    idempotency_key: str
    fields: Sequence[Field] = ()
    hidden: Sequence[tuple[str, str]] = ()
    error: str = ""
    is_dangerous: bool = False
    cancel: Link | None = None

    @property
    def takes_file(self) -> bool:
        """Whether one of its fields is a file, which browsers send otherwise."""
        return any(field.kind is FieldKind.FILE for field in self.fields)

    @property
    def wrong_fields(self) -> Sequence[Field]:
        """The fields that have an error, in order."""
        return tuple(field for field in self.fields if field.error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked before an action that is not done on a single click.

    Args:
        id: The dialog's id.
        opener: What the button that asks says.
        href: The page that asks the same where no script runs.
        title: The question.
        points: What will happen, one point a sentence.
        cannot_undo: What cannot be undone; empty if everything can.
        typed_word: What must be typed to go on; empty if nothing.
        form: The form that goes on.
    """

    id: str
    opener: str
    href: str
    title: str
    points: Sequence[str]
    form: Form
    cannot_undo: str = ""
    typed_word: str = ""

    @property
    def full_form(self) -> Form:
        """The form, with the field for the word that must be typed in front."""
        if not self.typed_word:
            return self.form
        ask = Field(name="typed_word", label=f"Type “{self.typed_word}” to go on", autocomplete="off")
        given = next((each for each in self.form.fields if each.name == "typed_word"), ask)
        rest = tuple(each for each in self.form.fields if each.name != "typed_word")
        return replace(self.form, fields=(given, *rest))


def with_answers(form: Form, typed: Mapping[str, str], errors: Mapping[str, str], whole: str = "") -> Form:
    """Return the form as it goes back to the person: what was typed is kept, each error stands at its field.

    Secrets are not kept. An error of a name that the form does not have is added to the error of the whole.

    Example:
        >>> form = Form(id="f", action="/", submit="Save", idempotency_key="k", fields=(Field(name="a", label="A"),))
        >>> with_answers(form, {"a": "7"}, {"a": "Too small."}).fields[0].error
        'Too small.'
    """
    known = {field.name for field in form.fields}
    strays = [text for name, text in errors.items() if name not in known]
    fields = tuple(
        replace(
            field,
            value="" if field.kind in {FieldKind.SECRET, FieldKind.FILE} else typed.get(field.name, ""),
            error=errors.get(field.name, ""),
        )
        for field in form.fields
    )
    return replace(form, fields=fields, error=" ".join([whole, *strays]).strip())
