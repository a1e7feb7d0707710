"""Writes a deal as its file: the same keys, dates and exact texts that `reading` reads.

What is not set is left out, so that a file stays as short as a person would write it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from enum import Enum
from typing import Any, Final

import yaml

from fairkeeper.deals.deal import Charge, Deal, LocalPrice, Plan
from fairkeeper.deals.files.reading import ROOT_KEY
from fairkeeper.deals.files.shapes import AT_START, ON_ACCEPTANCE
from fairkeeper.deals.prices.percentage import Percentage
from fairkeeper.values.currencies import Currency
from fairkeeper.values.money import Money

_WIDTH: Final = 110


def write_deal(deal: Deal) -> str:
    """Write a deal as YAML, read back unchanged by `read_deal`."""
    return _dump(to_document(deal))


def write_schedule(charges: Iterable[Charge]) -> str:
    """Write installments as the part of a deal's file that they are.

    Example:
        >>> from fairkeeper.values.currencies import currency
        >>> print(write_schedule([Charge(on=None, amount=Money(0, currency("EUR")), note="Free")]), end="")
        schedule:
        - charge: at_start
          amount: "0.00"
          note: Free
    """
    return _dump({"schedule": [charge_document(charge) for charge in charges]})


def _dump(document: dict[str, Any]) -> str:
    text: str = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=False
    )
    return text


def to_document(deal: Deal) -> dict[str, Any]:
    """Return a deal as plain values: texts, whole numbers, booleans, lists and mappings."""
    document: dict[str, Any] = {
        "name": deal.name,
        "kind": deal.kind,
        "pricing": deal.pricing,
        "currency": deal.currency,
        "accept_by": deal.accept_by,
        "billing_starts": deal.billing_starts or ON_ACCEPTANCE,
        "ends": deal.ends,
    }
    for name in ("customer", "resellers", "partner", "prepared_by", "contacts", "terms", "eligibility"):
        document[name] = getattr(deal, name)
    for name in ("renewal_attestation", "replaces", "auto_renew", "existing_plan_ids"):
        document[name] = getattr(deal, name)
    document["usd_rates"] = {code: f"{rate:f}" for code, rate in deal.usd_rates}
    document["plans"] = [_plan(plan) for plan in deal.plans]
    written = {key: _plain(value) for key, value in document.items() if key == "plans" or not _is_unset(value)}
    return {ROOT_KEY: {key: value for key, value in written.items() if key == "plans" or value not in ({}, [])}}


def charge_document(charge: Charge) -> dict[str, Any]:
    """Return one line of a schedule as plain values."""
    when = {"charge": AT_START} if charge.on is None else {"on": charge.on.isoformat()}
    return {**when, "amount": _plain(charge.amount), **({"note": charge.note} if charge.note else {})}


def _plan(plan: Plan) -> dict[str, Any]:
    renamed = {"discount": "discount_percent", "adjustment": "adjustment_percent"}
    document: dict[str, Any] = {}
    for name in type(plan).__slots__:
        value = getattr(plan, name)
        if name == "schedule":
            value = [charge_document(charge) for charge in plan.schedule]
        elif name == "local_prices":
            value = [_local_price(price) for price in plan.local_prices]
        if not _is_unset(value) and (plain := _plain(value)) not in ({}, []):
            document[renamed.get(name, name)] = plain
    return document


def _local_price(price: LocalPrice) -> dict[str, Any]:
    document = {
        "currency": price.currency.code,
        "markets": list(price.markets),
        "amounts": [_plain(amount) for amount in price.amounts],
    }
    return document | ({"agreed_total": _plain(price.agreed_total)} if price.agreed_total is not None else {})


def _is_unset(value: Any) -> bool:
    return value is None or value == "" or value is False or (isinstance(value, tuple | list | dict) and not value)


def _plain(value: Any) -> Any:
    """Return a value of the model as the file has it."""
    if isinstance(value, Money):
        return value.to_decimal_text()
    if isinstance(value, Percentage | Currency):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if hasattr(value, "__slots__"):
        parts = {name: getattr(value, name) for name in value.__slots__}
        return {name: _plain(part) for name, part in parts.items() if _is_said(name, part)}
    return value


def _is_said(name: str, part: Any) -> bool:
    """Say whether a field of a part is written: a plain no is said where leaving it out would mean "not known"."""
    return not _is_unset(part) or (part is False and name != "pays_by_card")


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # the library ships no types
    """Writes dates and keys bare and every other text so that the core schema reads it as text."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    is_date = len(text) == 10 and text[4:5] == text[7:8] == "-" and text.replace("-", "").isdigit()
    is_word = text.isidentifier() and text.lower() not in {"null", "true", "false", "yes", "no", "y", "n", "on", "off"}
    style = None if is_date or is_word else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.yaml_implicit_resolvers = {}  # the library's are of YAML 1.1, where `on` is a boolean
_Dumper.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?:true|false)$"), list("tf"))
_Dumper.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"-?[0-9]+$"), list("-0123456789"))
_Dumper.add_representer(str, _represent_text)
