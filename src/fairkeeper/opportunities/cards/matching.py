"""Whose account a tenant is: among our customers and in the CRM, by id, then domain, then name.

An id decides, a domain decides where it is the only one, and a name where exactly one account has it. What is
ambiguous waits for a person and is never pushed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from fairkeeper.customers.tables import CustomerRow
from fairkeeper.opportunities.tables import AccountRow, CRMAccountRow

_ENDINGS: Final = re.compile(r"[\s,.]+(inc|ltd|llc|gmbh|ag|co|corp|corporation|limited|sa|bv|plc|kk)\.?$")
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


def account_of(  # noqa: PLR0913 - what an account is known by
    session: Session, *, tenant_id: str, name: str, domain: str, now: datetime, is_held_out: bool
) -> AccountRow:
    """Return an account's row, made and matched if it is new; what a person decided stays."""
    row = session.get(AccountRow, tenant_id)
    if row is None:
        row = AccountRow(
            tenant_id=tenant_id,
            name=name,
            domain=domain[:255],
            match_state="unmatched",
            candidates=[],
            is_held_out=is_held_out,
            changed_at=now,
        )
        session.add(row)
    row.name, row.domain = name, domain[:255]
    if row.matched_by != "person":
        rematch(session, row, now)
    return row


def rematch(session: Session, row: AccountRow, now: datetime) -> None:
    """Look again for the CRM's account and for our customer."""
    domain = row.domain
    found = match(row.tenant_id, domain, row.name, _crm_candidates(session, row.tenant_id, domain, row.name))
    row.match_state, row.matched_by = found.state, found.by
    row.crm_account = found.found.key if found.found else None
    row.owner = found.found.owner if found.found and found.found.owner else row.owner
    row.candidates = [{"crm_account": each.key, "name": each.name, "domain": each.domain} for each in found.several]
    row.our_customer = session.scalars(
        select(CustomerRow.customer_id).where(CustomerRow.tenant_id == row.tenant_id, CustomerRow.object_id == "")
    ).first()
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
