"""The publisher's own lists: accounts with their owners as the CRM has them, prices, and what a person decided."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic import Field
from sqlalchemy import delete, select

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, TextFile, command
from fairkeeper.opportunities.actions.evidence_kinds import ACCOUNT_MATCHED, ACCOUNTS_SET, PRICES_SET
from fairkeeper.opportunities.cards.matching import rematch
from fairkeeper.opportunities.cards.prices import read_prices
from fairkeeper.opportunities.errors import AccountUnknownError, OwnersUnreadableError
from fairkeeper.opportunities.tables import AccountRow, CardRow, CRMAccountRow, PriceRow
from fairkeeper.values.csv_text import CsvUnreadableError, read_csv

_MOST_ROWS = 200_000
_CHUNK = 1000
_DOMAIN = re.compile(r"[a-z0-9.-]{1,255}")


class SetAccounts(OperationInput):
    """The list."""

    file: TextFile = Field(description="CSV: crm_account, name, and any of domain, tenant_id, owner.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsSet:
    """How many there are, and how the known accounts stand to them."""

    accounts: int
    matched: int
    ambiguous: int
    unmatched: int


@command(
    "opportunities.set_accounts",
    groups=("opportunities.change",),
    evidence=(ACCOUNTS_SET,),
    http="PUT /opportunities/accounts",
    cli="opportunities set-accounts FILE",
)
def set_accounts(context: CommandContext, request: SetAccounts) -> Outcome[AccountsSet]:
    """Set the list of the CRM's accounts and their owners; it replaces the one before.

    Accounts of the insights are matched anew by tenant id, domain, then name, but for those that a person matched.
    Raises `opportunities.owners_unreadable` naming the row.
    """
    rows = _read_accounts(request.file)
    session = context.session
    session.execute(delete(CRMAccountRow))
    for start in range(0, len(rows), _CHUNK):
        session.execute(CRMAccountRow.__table__.insert(), rows[start : start + _CHUNK])  # type: ignore[attr-defined]
    counts = {"matched": 0, "ambiguous": 0, "unmatched": 0}
    for account in session.scalars(select(AccountRow).order_by(AccountRow.tenant_id).with_for_update()):
        if account.matched_by != "person":
            rematch(session, account, context.now)
        counts[account.match_state] += 1
        for card in session.scalars(
            select(CardRow).where(CardRow.tenant_id == account.tenant_id, CardRow.closed_at.is_(None))
        ):
            card.owner = account.owner
    entry = EvidenceDraft(
        kind=ACCOUNTS_SET.name,
        subject_type="accounts",
        subject_id="publisher",
        payload={"count": len(rows), **counts},
    )
    return Outcome(result=AccountsSet(accounts=len(rows), **counts), entry=entry)


def _read_accounts(file: TextFile) -> list[dict[str, str]]:
    try:
        table = read_csv(file.text, most_rows=_MOST_ROWS)
    except CsvUnreadableError as error:
        raise OwnersUnreadableError(f"The list cannot be read: {error}.") from error
    if table.lacks("crm_account", "name"):
        raise OwnersUnreadableError("The list needs the columns crm_account and name.")
    rows: dict[str, dict[str, str]] = {}
    for line in table.rows:
        cells = line.cells
        row = {
            "crm_account": cells["crm_account"][:81],
            "name": cells["name"][:400],
            "domain": cells.get("domain", "")[:256].lower(),
            "tenant_id": cells.get("tenant_id", "")[:64].lower(),
            "owner": cells.get("owner", "")[:320],
        }
        key = row["crm_account"]
        if not key or len(key) > 80 or (row["domain"] and not _DOMAIN.fullmatch(row["domain"])):
            raise OwnersUnreadableError(
                f"Row {line.number} of the list has no usable crm_account, or no domain's name."
            )
        if key in rows:
            raise OwnersUnreadableError(f"Row {line.number} of the list repeats the account {key}.")
        rows[key] = row
    return list(rows.values())


class MatchAccount(OperationInput):
    """Which account it is."""

    tenant_id: str = Field(max_length=64, description="The tenant.")
    crm_account: str = Field("", max_length=80, description="The CRM's account; empty for none.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountMatched:
    """The match."""

    tenant_id: str
    crm_account: str | None


@command(
    "opportunities.match_account",
    groups=("opportunities.change",),
    evidence=(ACCOUNT_MATCHED,),
    http="POST /opportunities/accounts/{tenant_id}/match",
    cli="opportunities match-account TENANT_ID",
)
def match_account(context: CommandContext, request: MatchAccount) -> Outcome[AccountMatched]:
    """Say which account of the CRM a tenant is; a later list does not change it."""
    row = context.session.get(AccountRow, request.tenant_id.lower(), with_for_update=True)
    if row is None:
        raise AccountUnknownError(f"No card was ever opened on the tenant {request.tenant_id}.")
    found = context.session.get(CRMAccountRow, request.crm_account) if request.crm_account else None
    if request.crm_account and found is None:
        raise AccountUnknownError(f"The list of accounts has no {request.crm_account}.")
    row.crm_account = request.crm_account or None
    row.match_state, row.matched_by = ("matched" if request.crm_account else "unmatched"), "person"
    row.owner = found.owner if found is not None and found.owner else row.owner
    row.candidates, row.changed_at = [], context.now
    for card in context.session.scalars(
        select(CardRow).where(CardRow.tenant_id == row.tenant_id, CardRow.closed_at.is_(None))
    ):
        card.owner = row.owner
    entry = EvidenceDraft(
        kind=ACCOUNT_MATCHED.name,
        subject_type="account",
        subject_id=row.tenant_id,
        payload={"account": row.name, "crm_account": row.crm_account},
    )
    return Outcome(result=AccountMatched(tenant_id=row.tenant_id, crm_account=row.crm_account), entry=entry)


class SetPrices(OperationInput):
    """The list."""

    file: TextFile = Field(description="CSV: product, price_per_seat_per_month, currency, from.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PricesSet:
    """How many prices the list has, and for which products."""

    prices: int
    products: tuple[str, ...]


@command(
    "opportunities.set_prices",
    groups=("opportunities.change",),
    evidence=(PRICES_SET,),
    http="PUT /opportunities/prices",
    cli="opportunities set-prices FILE",
)
def set_prices(context: CommandContext, request: SetPrices) -> Outcome[PricesSet]:
    """Set the partner's own dated prices; they replace the ones before and count from the next ranking.

    Products are `copilot`, `agent_365` and `e7`, or what a lens of the publisher's names. Raises
    `opportunities.prices_unreadable` naming the row.
    """
    prices = read_prices(request.file.text, source=request.file.name[-200:] or "the publisher's list")
    context.session.execute(delete(PriceRow))
    for price in prices:
        context.session.add(
            PriceRow(
                product=price.product,
                from_on=price.from_on,
                currency=price.price.currency.code,
                price_minor=price.price.minor,
                source=price.source,
            )
        )
    products = tuple(sorted({price.product for price in prices}))
    entry = EvidenceDraft(
        kind=PRICES_SET.name,
        subject_type="prices",
        subject_id="publisher",
        payload={
            "count": len(prices),
            "prices": [f"{each.product} {each.price} from {each.from_on.isoformat()}" for each in prices],
        },
    )
    return Outcome(result=PricesSet(prices=len(prices), products=products), entry=entry)


OPERATIONS = (set_accounts, match_account, set_prices)
