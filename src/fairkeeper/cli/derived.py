"""Commands made from operations: words and positionals from `Operation.cli`, options from its input's fields.

Everything a person types is handed on as text; the operation's input model turns it into values and refuses what does
not fit, so that the command line has no rule of its own.
"""

from __future__ import annotations

import json
import typing
from collections.abc import Iterable, Mapping
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Final

import click
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from fairkeeper.action.operation import Operation, OperationKind, TextFile
from fairkeeper.cli.asking import answer, executor_at, place_options
from fairkeeper.cli.files import read_text_file
from fairkeeper.cli.forms import accounts, consent, deals, opportunities, policies, tracing
from fairkeeper.cli.rendering import render
from fairkeeper.errors import InvalidError

_TAKEN: Final = frozenset({"json", "url", "token", "idempotency-key", "help"})
_FORMS: Final = {
    **accounts.FORMS,
    **consent.FORMS,
    **deals.FORMS,
    **opportunities.FORMS,
    **policies.FORMS,
    **tracing.FORMS,
}
_OWN_NAMES: Final = frozenset({"as_json", "url", "token", "idempotency_key"})


class InputRefusedError(InvalidError):
    """What was typed does not fit the operation."""

    code = "cli.input_invalid"
    remedy = "Correct what the message names; --help lists the options."


def words_of(operation: Operation) -> tuple[str, ...]:
    """Return the words of its command line.

    Example:
        >>> from fairkeeper.evidence.queries import show_entry
        >>> words_of(show_entry), positionals_of(show_entry)
        (('evidence', 'show'), ('entry_id',))
    """
    return tuple(part for part in operation.cli.split() if not part.isupper())


def positionals_of(operation: Operation) -> tuple[str, ...]:
    """Return the input fields that its command line takes by place."""
    return tuple(part.lower() for part in operation.cli.split() if part.isupper())


def offered(operations: Iterable[Operation]) -> dict[tuple[str, ...], Operation]:
    """Return each operation that a channel may offer, by its command's words."""
    return {words_of(operation): operation for operation in operations if not operation.is_internal}


def derive_commands(operations: Iterable[Operation]) -> dict[tuple[str, ...], click.Command]:
    """Return a command for each operation that a channel may offer, by its words."""
    return {words: derive(operation) for words, operation in offered(operations).items()}


def derive(operation: Operation) -> click.Command:
    """Return the command of one operation."""
    by_place = positionals_of(operation)
    fields = operation.input.model_fields
    parameters: list[click.Parameter] = [_argument(name, fields[name]) for name in by_place]
    parameters += [_option(name, field) for name, field in fields.items() if name not in by_place]
    if operation.kind is OperationKind.COMMAND:
        parameters.append(
            click.Option(
                ["--idempotency-key", "idempotency_key"],
                metavar="KEY",
                help="The same key with the same request answers as the first time and changes nothing.",
            )
        )

    @place_options
    def run(*, url: str | None, token: str | None, as_json: bool, **typed: Any) -> None:
        key = typed.pop("idempotency_key", None)
        given = {
            _field_of(name): _value(_field_of(name), typed_value, fields[_field_of(name)])
            for name, typed_value in typed.items()
            if typed_value is not None and typed_value != ()
        }
        check_input(operation, given)
        if operation.kind is OperationKind.CHECK and not url:
            result = _computed(operation, given)
        else:
            with executor_at(url, token) as executor:
                result = executor.run(operation, given, key=key)
        answer(result, as_json=as_json, form=_FORMS.get(operation.name, render))

    return click.command(
        name=words_of(operation)[-1],
        help=_help(operation),
        short_help=operation.summary.partition(". ")[0].rstrip("."),
        params=parameters,
    )(run)


def _computed(operation: Operation, given: Mapping[str, Any]) -> Any:
    """Run a check here: it needs no database, so none is opened."""
    result = operation.function(operation.input.model_validate(dict(given)))
    return TypeAdapter(operation.result).dump_python(result, mode="json")


def check_input(operation: Operation, given: Mapping[str, Any]) -> None:
    """Refuse input that the operation would refuse, before anything is opened or sent.

    Raises:
        InputRefusedError: Naming each field and what is wrong with it.
    """
    try:
        operation.input.model_validate(dict(given))
    except ValidationError as error:
        raise refused_input(error) from None


def refused_input(error: ValidationError) -> InputRefusedError:
    """Return the error for input that a model refused; values are not repeated."""
    problems = error.errors(include_input=False, include_url=False, include_context=False)
    told = "; ".join(f"{'.'.join(map(str, problem['loc'])) or 'input'}: {problem['msg']}" for problem in problems[:20])
    return InputRefusedError(f"{told}.")


def _argument(name: str, field: FieldInfo) -> click.Argument:
    inner, many = _inner(field.annotation)
    if inner is TextFile:
        kind, count = click.Path(allow_dash=True), -1 if many else 1
        return click.Argument([name], metavar="FILE..." if many else "FILE", nargs=count, required=True, type=kind)
    choices = _choices(field.annotation)
    return click.Argument([name], metavar=name.upper(), type=click.Choice(choices) if choices else str)


def _option(name: str, field: FieldInfo) -> click.Option:
    flag = name.replace("_", "-")
    inner, many = _inner(field.annotation)
    # A field named like one of our own options keeps its name with the word "input" before it.
    parameter = f"input_{name}" if name in _OWN_NAMES else name
    flag = f"input-{flag}" if flag in _TAKEN else flag
    shared: dict[str, Any] = {"help": _option_help(field, many=many), "required": field.is_required()}
    if inner is bool:
        return click.Option([f"--{flag}/--no-{flag}", parameter], default=None, **shared)
    if inner is TextFile:
        return click.Option(
            [f"--{flag}", parameter], multiple=many, metavar="FILE", type=click.Path(allow_dash=True), **shared
        )
    if many and not _is_model(inner):
        singular = flag.removesuffix("s") if flag.endswith("s") and not flag.endswith("ss") else flag
        names = [f"--{singular}"] if singular == flag else [f"--{singular}", f"--{flag}"]
        return click.Option([*names, parameter], multiple=True, metavar=_metavar(inner), **shared)
    choices = _choices(inner)
    kind: Any = click.Choice(choices) if choices else str
    return click.Option([f"--{flag}", parameter], type=kind, metavar=None if choices else _metavar(inner), **shared)


def _option_help(field: FieldInfo, *, many: bool) -> str:
    parts = [field.description or ""]
    default = field.get_default(call_default_factory=True) if not field.is_required() else None
    if isinstance(default, Enum):
        default = default.value
    if default not in (None, "", False, (), [], {}) and not isinstance(default, BaseModel):
        parts.append(f"[default: {', '.join(map(str, default)) if isinstance(default, list | tuple) else default}]")
    if many and not _is_model(_inner(field.annotation)[0]):
        parts.append("[may be repeated]")
    return " ".join(part for part in parts if part)


def _help(operation: Operation) -> str:
    """Return its documentation as help: paragraphs as they stand, lists of exceptions without their heading."""
    paragraphs = operation.documentation.split("\n\n")
    return "\n\n".join(f"\b\n{p}" if p.startswith(("Raises:", "Args:", "Example:")) else p for p in paragraphs)


def _field_of(parameter: str) -> str:
    stripped = parameter.removeprefix("input_")
    return stripped if stripped in _OWN_NAMES else parameter


def _value(name: str, typed: Any, field: FieldInfo) -> Any:
    """Return what was typed as the input model takes it: texts as they are, structures read from JSON."""
    inner, many = _inner(field.annotation)
    if inner is TextFile:
        return [read_text_file(path) for path in typed] if isinstance(typed, tuple) else read_text_file(typed)
    if isinstance(typed, tuple):
        return list(typed)
    if isinstance(typed, str) and (_is_model(inner) or inner in (dict, Any)):
        try:
            return json.loads(typed)
        except ValueError as error:
            shape = "a list of objects" if many else "an object"
            raise InputRefusedError(f"{name}: give {shape} in JSON.") from error
    return typed


def _inner(annotation: Any) -> tuple[Any, bool]:
    """Return what a field holds, without None and Annotated, and whether it is a list of that."""
    while True:
        origin = typing.get_origin(annotation)
        arguments = typing.get_args(annotation)
        if origin is typing.Annotated:
            annotation = arguments[0]
        elif origin in (typing.Union, UnionType):
            left = [each for each in arguments if each is not NoneType]
            if len(left) != 1:
                return str, False
            annotation = left[0]
        elif origin in (list, tuple, set, frozenset):
            return _inner(arguments[0])[0], True
        elif origin is dict:
            return dict, False
        elif hasattr(annotation, "__supertype__"):
            annotation = annotation.__supertype__
        else:
            return annotation, False


def _choices(annotation: Any) -> list[str]:
    inner, _ = _inner(annotation)
    if typing.get_origin(inner) is typing.Literal:
        return [str(value) for value in typing.get_args(inner)]
    if isinstance(inner, type) and issubclass(inner, Enum):
        return [str(member.value) for member in inner]
    return []


def _is_model(inner: Any) -> bool:
    return isinstance(inner, type) and issubclass(inner, BaseModel)


def _metavar(inner: Any) -> str:
    if _is_model(inner) or inner is dict:
        return "JSON"
    return {int: "NUMBER", float: "NUMBER"}.get(inner, "TEXT")
