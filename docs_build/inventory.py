"""Finds in the code what the reference documents: operations, evidence kinds, findings, errors, settings, resources.

Separate from the writing of pages, because the architecture tests ask the same questions ("is each one documented?").
Everything is found by importing the modules of `fairkeeper` and looking, so that nothing has to be listed by hand.
"""

from __future__ import annotations

import importlib
import pkgutil
import typing
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import ModuleType, NoneType, UnionType
from typing import Any, Literal

from pydantic_settings import BaseSettings

import fairkeeper
from fairkeeper.access.roles import CUSTOMER_ROLES, SERVICE_ROLES, STAFF_ROLES, may
from fairkeeper.action.operation import Operation
from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.errors import FairkeeperError
from fairkeeper.values.findings import FindingKind, finding_kinds
from fairkeeper.values.ids import CustomerId
from fairkeeper.values.resources import RESOURCES, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One environment variable that Fairkeeper reads."""

    name: str
    kind: str
    default: str
    meaning: str


_LOADED_BY_ALEMBIC = "fairkeeper.database.migrations"


@cache
def modules() -> tuple[ModuleType, ...]:
    """Import every module of the package, except the entry point and the migrations, which only Alembic loads."""
    names = [info.name for info in pkgutil.walk_packages(fairkeeper.__path__, "fairkeeper.")]
    wanted = [name for name in names if name != "fairkeeper.__main__" and not name.startswith(_LOADED_BY_ALEMBIC)]
    return tuple(importlib.import_module(name) for name in wanted)


def operations() -> list[Operation]:
    """Return every declared operation, by name."""
    return sorted(set_of(Operation), key=lambda operation: operation.name)


ROLES = STAFF_ROLES | CUSTOMER_ROLES | SERVICE_ROLES
"""Every role there is."""


def roles_that_may(operation: Operation) -> list[str]:
    """Return the roles that the policies let run an operation, a customer's on that customer's own things."""
    kinds = {
        PrincipalKind.STAFF: STAFF_ROLES,
        PrincipalKind.SERVICE: SERVICE_ROLES,
        PrincipalKind.CUSTOMER: CUSTOMER_ROLES,
    }
    own = CustomerId("cus_1")
    found = []
    for kind, roles in kinds.items():
        customer = own if kind is PrincipalKind.CUSTOMER else None
        for role in sorted(roles):
            asking = Principal(id="per_1", kind=kind, roles=frozenset({role}), customer_id=customer)
            if may(asking, operation.name, operation.groups, customer).allowed:
                found.append(role)
    return found


def finding_kinds_declared() -> list[FindingKind]:
    """Return every declared kind of finding, by code."""
    modules()
    return list(finding_kinds)


def resources() -> list[Resource]:
    """Return the official resources that rules cite, by key."""
    return sorted(RESOURCES.values(), key=lambda resource: resource.key)


def errors() -> list[type[FairkeeperError]]:
    """Return every kind of error that a person or program may see, by code."""
    modules()
    found: set[type[FairkeeperError]] = set()
    waiting = [FairkeeperError]
    while waiting:
        for error in waiting.pop().__subclasses__():
            if error.__module__.startswith("fairkeeper.") and error not in found:
                found.add(error)
                waiting.append(error)
    return sorted(found, key=lambda error: (error.code, error.__name__))


def settings() -> list[Setting]:
    """Return every environment variable, by name."""
    found = []
    for model in set_of_subclasses(BaseSettings):
        prefix = str(model.model_config.get("env_prefix") or "")
        for name, field in model.model_fields.items():
            variable = str(field.validation_alias or prefix + name).upper()
            default = field.get_default(call_default_factory=True)
            shown = "required" if field.is_required() else "" if default is None else str(default)
            shown = shown.lower() if isinstance(default, bool) else shown
            found.append(
                Setting(name=variable, kind=kind_of(field.annotation), default=shown, meaning=field.description or "")
            )
    return sorted(found, key=lambda setting: setting.name)


_WORDS = {
    "str": "text",
    "int": "whole number",
    "bool": "yes or no",
    "float": "number",
    "datetime": "instant",
    "SecretStr": "secret",
    "Path": "path",
}
_LISTS = (list, tuple, set, frozenset)


def kind_of(annotation: Any) -> str:
    """Name a type as a person says it; that a value may be left out is told by its default.

    Example:
        >>> from pathlib import Path
        >>> kind_of(Path | None), kind_of(int), kind_of(Literal["a", "b"]), kind_of(list[str])
        ('path', 'whole number', 'a or b', 'list of text')
    """
    origin = typing.get_origin(annotation)
    options = [option for option in typing.get_args(annotation) if option is not NoneType]
    if origin is typing.Annotated:
        return kind_of(options[0])
    if origin is Literal:
        return " or ".join(map(str, options))
    if origin in {typing.Union, UnionType}:
        return " or ".join(kind_of(option) for option in options)
    if origin in _LISTS:
        return f"list of {kind_of(options[0])}"
    if hasattr(annotation, "__supertype__"):
        return kind_of(annotation.__supertype__)
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return " or ".join(member.value for member in annotation)
    name = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    return _WORDS.get(name, name)


def set_of(kind: type[Any]) -> list[Any]:
    """Return the module-level instances of a class, each once."""
    found = {id(value): value for module in modules() for value in vars(module).values() if isinstance(value, kind)}
    return list(found.values())


def set_of_subclasses(base: type[Any]) -> list[Any]:
    """Return our own subclasses of somebody else's class, each once."""
    values = [value for module in modules() for value in vars(module).values()]
    found = {
        value: None
        for value in values
        if isinstance(value, type) and issubclass(value, base) and value.__module__.startswith("fairkeeper.")
    }
    return list(found)
