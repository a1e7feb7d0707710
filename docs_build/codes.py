"""Finds every code under which a refusal or a verifier's finding may be shown, with what happened and what to do.

A code stands on an error class, in the call that makes an error (`code="…"`), or in an enumeration of an errors module.
Classes and enumerations are read from the imported modules, calls from their source, so that nothing has to be listed
by hand. Kinds of findings are declared elsewhere and are left out here.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import ModuleType
from typing import Final

from docs_build.inventory import errors, modules
from fairkeeper.errors import ErrorKind, FairkeeperError
from fairkeeper.values.findings import FindingKind

_CODE: Final = re.compile(r"[a-z]+\.[a-z0-9_]+")
_PROOF: Final = re.compile(r"proof\.[a-z0-9_]+")
_LEFT_OUT: Final = ("fairkeeper.web.preview",)
_OWN_WORDS: Final = "As its message says."


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorCode:
    """One code that a person or program may see.

    Attributes:
        kind: The error's kind; empty for what a verifier finds in a file, which is no error.
        meaning: What happened; `…` stands for a value.
        remedy: What to do.
    """

    code: str
    kind: str
    meaning: str
    remedy: str


@cache
def error_codes() -> tuple[ErrorCode, ...]:
    """Return every code, sorted; where several places tell one, classes come first and the code's own room next."""
    found: dict[str, ErrorCode] = {}
    for each in (*_of_classes(), *_of_calls(), *_of_enumerations(), *_of_verifiers()):
        found.setdefault(each.code, each)
    return tuple(sorted(found.values(), key=lambda each: each.code))


def _of_classes() -> Iterator[ErrorCode]:
    for error in errors():
        yield ErrorCode(code=error.code, kind=error.kind.value, meaning=_first_line(error), remedy=error.remedy)


def _of_enumerations() -> Iterator[ErrorCode]:
    """Yield what enumerations of errors modules name and no call tells, so that none is forgotten."""
    for module in modules():
        for value in vars(module).values():
            if module.__name__.endswith(".errors") and isinstance(value, type) and issubclass(value, StrEnum):
                for member in value:
                    if _CODE.fullmatch(member.value):
                        plain = f"{member.name.replace('_', ' ').capitalize()}."
                        yield ErrorCode(code=member.value, kind="", meaning=plain, remedy=_OWN_WORDS)


def _of_calls() -> Iterator[ErrorCode]:
    """Yield the codes of calls that make errors, those in the room that the code names first."""
    found = [
        (not module.__name__.startswith(f"fairkeeper.{code.code.partition('.')[0]}"), code)
        for module in modules()
        if not module.__name__.startswith(_LEFT_OUT)
        for function, call in _calls(ast.parse(inspect.getsource(module)))
        for code in _of_call(module, function, call)
    ]
    yield from (code for _, code in sorted(found, key=lambda each: each[0]))


def _of_call(module: ModuleType, function: ast.AST, call: ast.Call | ast.Tuple) -> Iterator[ErrorCode]:
    """Yield the codes of one call, `SomeError("…", code="x.y")`, or of one pair `SomeError, Codes.X`."""
    callee = _named(module, call.func if isinstance(call, ast.Call) else call.elts[0])
    error = callee if isinstance(callee, type) and issubclass(callee, FairkeeperError) else None
    if callee is FindingKind or (error is None and isinstance(call, ast.Tuple)):
        return
    kind = error.kind.value if error else ""
    told = error.remedy if error else _OWN_WORDS
    meaning = _first_line(error) if error else ""
    if isinstance(call, ast.Tuple):
        for member in _members(module, call.elts[1]):
            yield ErrorCode(code=member.value, kind=kind, meaning=meaning, remedy=told)
        return
    for keyword in call.keywords:
        if keyword.arg == "code":
            code, remedy = _text(keyword.value), _keyword(call, "remedy") or told
            if code is not None and _CODE.fullmatch(code):
                sentence = _told(call, function) or meaning or _OWN_WORDS
                yield ErrorCode(code=code, kind=kind, meaning=sentence, remedy=remedy)
            for member in _members(module, keyword.value):
                yield ErrorCode(code=member.value, kind=kind, meaning=meaning, remedy=remedy)
    if len(call.args) > 1:
        for member in _members(module, call.args[0]):
            yield ErrorCode(
                code=member.value,
                kind=kind or ErrorKind.DENIED.value,
                meaning=_text(call.args[1]) or _OWN_WORDS,
                remedy=_remedy_of(member),
            )


def _members(module: ModuleType, node: ast.AST) -> list[StrEnum]:
    """Return the members of an enumeration of codes that an expression can give."""
    if isinstance(node, ast.IfExp):
        return [*_members(module, node.body), *_members(module, node.orelse)]
    if not isinstance(node, ast.Attribute):
        return []
    owner = _named(module, node.value)
    if not (isinstance(owner, type) and issubclass(owner, StrEnum) and owner.__module__.endswith(".errors")):
        return []
    return [member for member in owner if member.name == node.attr and _CODE.fullmatch(member.value)]


def _remedy_of(member: StrEnum) -> str:
    """Return the remedy that an errors module keeps beside its enumeration."""
    kept = vars(sys.modules[type(member).__module__]).values()
    tables = [value for value in kept if isinstance(value, Mapping) and member in value]
    return str(tables[0][member]) if tables else _OWN_WORDS


def _of_verifiers() -> Iterator[ErrorCode]:
    """Yield what `fairkeeper.proof` finds in files; there a code is the first argument of a call."""
    for module in modules():
        if not module.__name__.startswith("fairkeeper.proof"):
            continue
        for _, call in _calls(ast.parse(inspect.getsource(module))):
            words = [_text(argument) for argument in call.args[:2]] if isinstance(call, ast.Call) else []
            if words and words[0] and _PROOF.fullmatch(words[0]):
                meaning = words[1] if len(words) > 1 and words[1] else _OWN_WORDS
                yield ErrorCode(code=words[0], kind="", meaning=meaning, remedy="Do not rely on the file.")


def _calls(tree: ast.Module) -> Iterator[tuple[ast.AST, ast.Call | ast.Tuple]]:
    """Yield every call and every pair with the function around it."""
    waiting: list[tuple[ast.AST, ast.AST]] = [(tree, tree)]
    while waiting:
        around, node = waiting.pop()
        inner = node if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else around
        if isinstance(node, ast.Call) or (isinstance(node, ast.Tuple) and len(node.elts) == 2):
            yield around, node
        waiting += [(inner, child) for child in reversed(list(ast.iter_child_nodes(node)))]  # in the source's order


def _named(module: ModuleType, node: ast.AST) -> object:
    return vars(module).get(node.id) if isinstance(node, ast.Name) else None


def _keyword(call: ast.Call, name: str) -> str | None:
    return next((_text(keyword.value) for keyword in call.keywords if keyword.arg == name), None)


def _told(call: ast.Call, function: ast.AST) -> str | None:
    """Return an error's sentence: its first argument, or what was last assigned to the name that stands there."""
    if not call.args:
        return _keyword(call, "message")
    first = call.args[0]
    if not isinstance(first, ast.Name):
        return _text(first)
    assigned = [
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        and node.lineno < call.lineno
        and any(isinstance(target, ast.Name) and target.id == first.id for target in node.targets)
    ]
    return _text(max(assigned, key=lambda value: value.lineno)) if assigned else None


def _text(node: ast.AST) -> str | None:
    """Return a text as it stands in the source, with `…` for what is put in.

    Example:
        >>> _text(ast.parse('f"No entry {name!r} here."', mode="eval").body)
        'No entry … here.'
    """
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join((_text(part) or "") if isinstance(part, ast.Constant) else "…" for part in node.values)
    return None


def _first_line(error: type[FairkeeperError]) -> str:
    return (inspect.getdoc(error) or "").partition("\n")[0]
