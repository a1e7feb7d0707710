"""Whose account a tenant is: among our customers and in the CRM, by id, then domain, then name.

An id decides, a domain decides where it is the only one, and a name where exactly one account has it. What is
ambiguous waits for a person and is never pushed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from fairkeeper.customers.tables import CustomerRow
from fairkeeper.opportunities.tables import AccountRow, CRMAccountRow

_ENDINGS: Final = re.compile(r"[\s,.]+(inc|ltd|llc|gmbh|ag|co|corp|corporation|limited|sa|bv|plc|kk)\.?$")
_AT_ONCE: Final = 400
"""Values in one statement, well below what SQLite takes."""
_SHARED_DOMAINS: Final = frozenset({"onmicrosoft.com", "outlook.com", "gmail.com", "hotmail.com", "live.com"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An account that it may be."""

    key: str
    name: str
    domain: str = ""
    tenant_id: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What was found: one account and by what, or several, or none."""

    state: str
    by: str = ""
    found: Candidate | None = None
    several: tuple[Candidate, ...] = ()


def plain_name(name: str) -> str:
    """Return a company's name as names are compared.

    Example:
        >>> plain_name("Contoso Traders, Ltd."), plain_name("CONTOSO  traders")
        ('contoso traders', 'contoso traders')
    """
    text = " ".join(name.lower().split())
    while (shorter := _ENDINGS.sub("", text)) != text:
        text = shorter
    return text.strip(" ,.")


def match(tenant_id: str, domain: str, name: str, candidates: Iterable[Candidate]) -> Match:
    """Return which of some accounts a tenant is.

    Example:
        >>> two = [Candidate(key="1", name="Contoso Ltd"), Candidate(key="2", name="Contoso Inc")]
        >>> match("t", "", "Contoso", two).state
        'ambiguous'
    """
    known = list(candidates)
    domain = domain.lower().strip()
    steps = (
        ("id", [each for each in known if each.tenant_id and each.tenant_id == tenant_id]),
        ("domain", [each for each in known if domain and each.domain == domain and domain not in _SHARED_DOMAINS]),
        ("name", [each for each in known if plain_name(name) and plain_name(each.name) == plain_name(name)]),
    )
    for by, found in steps:
        # An account that is known to be another tenant's is not this one's, whatever it is called.
        fitting = [each for each in found if not each.tenant_id or each.tenant_id == tenant_id]
        if len(fitting) == 1:
            return Match(state="matched", by=by, found=fitting[0])
        if fitting:
            return Match(state="ambiguous", by=by, several=tuple(fitting[:10]))
    return Match(state="unmatched")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A tenant as the insights name it."""

    tenant_id: str
    name: str
    domain: str
    is_held_out: bool


def accounts_of(session: Session, tenants: Sequence[Named], now: datetime) -> dict[str, AccountRow]:
    """Return the accounts' rows, made and matched if they are new; what a person decided stays.

    Asks once for all of them, not once for each: a first ranking opens hundreds.
    """
    rows = {
        row.tenant_id: row
        for part in batched([each.tenant_id for each in tenants], _AT_ONCE)
        for row in session.scalars(select(AccountRow).where(AccountRow.tenant_id.in_(part)))
    }
    for each in tenants:
        row = rows.get(each.tenant_id)
        if row is None:
            row = rows[each.tenant_id] = AccountRow(
                tenant_id=each.tenant_id,
                name=each.name,
                domain=each.domain[:255],
                match_state="unmatched",
                candidates=[],
                is_held_out=each.is_held_out,
                changed_at=now,
            )
            session.add(row)
        row.name, row.domain = each.name, each.domain[:255]
    open_rows = [row for row in rows.values() if row.matched_by != "person"]
    customers = {
        str(tenant): str(customer)
        for part in batched([row.tenant_id for row in open_rows], _AT_ONCE)
        for tenant, customer in session.execute(
            select(CustomerRow.tenant_id, CustomerRow.customer_id).where(
                CustomerRow.tenant_id.in_(part), CustomerRow.object_id == ""
            )
        )
    }
    # An index of the CRM's whole list is worth it for many; most installations have none of it.
    has_crm = session.scalars(select(CRMAccountRow.crm_account).limit(1)).first() is not None
    book = _Book(session) if has_crm and open_rows else None
    for row in open_rows:
        candidates = book.candidates(row) if book else []
        _decide(row, candidates, customers.get(row.tenant_id), now)
    return rows


class _Book:
    """The CRM's accounts by what they are found by."""

    def __init__(self, session: Session) -> None:
        self._by: dict[tuple[str, str], list[Candidate]] = {}
        columns = (CRMAccountRow.crm_account, CRMAccountRow.name, CRMAccountRow.domain)
        found = session.execute(
            select(*columns, CRMAccountRow.tenant_id, CRMAccountRow.owner).order_by(CRMAccountRow.crm_account)
        )
        for key, name, domain, tenant_id, owner in found:
            candidate = Candidate(key=key, name=name, domain=domain, tenant_id=tenant_id, owner=owner)
            for place in (("id", tenant_id), ("domain", domain), ("name", plain_name(name))):
                if place[1]:
                    self._by.setdefault(place, []).append(candidate)

    def candidates(self, row: AccountRow) -> list[Candidate]:
        """Return the accounts that could be meant, each once."""
        places = (("id", row.tenant_id), ("domain", row.domain.lower().strip()), ("name", plain_name(row.name)))
        return list({each.key: each for place in places for each in self._by.get(place, ())}.values())


def rematch(session: Session, row: AccountRow, now: datetime) -> None:
    """Look again for the CRM's account and for our customer."""
    customer = session.scalars(
        select(CustomerRow.customer_id).where(CustomerRow.tenant_id == row.tenant_id, CustomerRow.object_id == "")
    ).first()
    _decide(row, _crm_candidates(session, row.tenant_id, row.domain, row.name), customer, now)


def _decide(row: AccountRow, candidates: Iterable[Candidate], customer: str | None, now: datetime) -> None:
    found = match(row.tenant_id, row.domain, row.name, candidates)
    row.match_state, row.matched_by = found.state, found.by
    row.crm_account = found.found.key if found.found else None
    row.owner = found.found.owner if found.found and found.found.owner else row.owner
    row.candidates = [{"crm_account": each.key, "name": each.name, "domain": each.domain} for each in found.several]
    row.our_customer = customer
    row.changed_at = now


def _crm_candidates(session: Session, tenant_id: str, domain: str, name: str) -> list[Candidate]:
    """Return the accounts that could be meant; by name those whose name begins alike, compared afterwards."""
    first = plain_name(name).split(" ")[0][:60].replace("%", "").replace("_", "")
    rows = session.scalars(
        select(CRMAccountRow)
        .where(
            or_(
                CRMAccountRow.tenant_id == tenant_id,
                (CRMAccountRow.domain == domain.lower()) & (CRMAccountRow.domain != ""),
                func.lower(CRMAccountRow.name).like(f"{first}%") if first else CRMAccountRow.name == name,
            )
        )
        .limit(2000)
    ).all()
    return [
        Candidate(key=row.crm_account, name=row.name, domain=row.domain, tenant_id=row.tenant_id, owner=row.owner)
        for row in rows
    ]


def batched(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Cut values into parts of at most a size.

    Example:
        >>> list(batched(["a", "b", "c"], 2))
        [['a', 'b'], ['c']]
    """
    for start in range(0, len(values), size):
        yield values[start : start + size]
