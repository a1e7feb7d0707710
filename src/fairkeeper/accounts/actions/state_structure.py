"""Takes a structure as the one in force, and adds to it what was seen of the account."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from pydantic import ConfigDict, Field

from fairkeeper.accounts.checks.checking import check_structure
from fairkeeper.accounts.checks.declaring import Basis
from fairkeeper.accounts.errors import StructureUnreadableError
from fairkeeper.accounts.evidence_kinds import OBSERVED, PRODUCTS_ASKED, STRUCTURE_STATED
from fairkeeper.accounts.files.reading import read_structure
from fairkeeper.accounts.files.writing import to_document
from fairkeeper.accounts.observed.differences import adopt
from fairkeeper.accounts.observed.sources import Seen, Source, read_source
from fairkeeper.accounts.store import load_observations, load_structure, newest_structure
from fairkeeper.accounts.structure.ids import counts_of
from fairkeeper.accounts.structure.model import Structure
from fairkeeper.accounts.tables import ObservationRow, StructureRow
from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    TextFile,
    command,
    internal_command,
)
from fairkeeper.values.findings import Level

READ_PRODUCTS = "accounts.read_products"
"""The task that asks Microsoft for products and plans."""


class ImportStructure(OperationInput):
    """The file."""

    file: TextFile = Field(description="A structure in YAML or JSON.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureStated:
    """What is in force now.

    Args:
        is_new: False where the same structure was in force already.
        adopted: How many things were taken over from what was seen.
    """

    company: str
    publishers: int
    offers: int
    plans: int
    errors: int
    warnings: int
    is_new: bool
    adopted: int = 0


@command(
    "accounts.import_structure",
    groups=("accounts.change",),
    evidence=(STRUCTURE_STATED,),
    http="PUT /accounts/structure",
    cli="accounts import FILE",
)
def import_structure(context: CommandContext, request: ImportStructure) -> Outcome[StructureStated]:
    """Take the structure in a file as the one in force; the ones before are kept as its history.

    A structure with findings is taken too, because it states what is; a file with a fault of its own is not.

    Raises:
        StructureUnreadableError: The file has a fault of its own.
    """
    reading = read_structure(request.file.text, file=request.file.name or None)
    if reading.structure is None:
        first = next(iter(reading.findings.sorted()))
        others = len(reading.findings) - 1
        more = f" ({others} more)" if others else ""
        raise StructureUnreadableError(f"{first.place or 'The file'}: {first.message}{more}")
    return _state(context, reading.structure, adopted=0)


class AdoptSeen(OperationInput):
    """Nothing to say: everything that may be taken over is."""


@command(
    "accounts.adopt_seen",
    groups=("accounts.change",),
    evidence=(STRUCTURE_STATED,),
    http="POST /accounts/structure/adopt",
    cli="accounts adopt",
)
def adopt_seen(context: CommandContext, _request: AdoptSeen) -> Outcome[StructureStated]:
    """Add people, offers and plans to the structure that were seen in the account and are not stated.

    Nothing that was stated is changed; where the two differ, a person decides.

    Raises:
        NoStructureError: There is none to add to.
    """
    _, structure = load_structure(context.session)
    seen = {source: what for source, (_, what) in load_observations(context.session).items()}
    made, number = adopt(structure, seen)
    return _state(context, made, adopted=number)


class ObserveFile(OperationInput):
    """An export or an answer, and what it is."""

    source: Source = Field(description="What it is: users, organization, partner_ids, legal_business, products.")
    file: TextFile = Field(description="The export (CSV) or the answer (JSON), as it came.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What was read."""

    source: str
    people: int
    partner_ids: int
    offers: int
    plans: int


@command(
    "accounts.observe_file",
    groups=("accounts.change",),
    evidence=(OBSERVED,),
    http="PUT /accounts/seen",
    cli="accounts observe SOURCE FILE",
)
def observe_file(context: CommandContext, request: ObserveFile) -> Outcome[Observed]:
    """Read what the account itself shows: the export of users, or an answer of Partner Center's or the ingestion API.

    It is kept beside the structure and compared with it; the structure is not changed.

    Raises:
        ObservationUnreadableError: It is not what it is said to be.
    """
    return _observe(
        context, request.source, read_source(request.source, request.file.text), request.file.name or "a file"
    )


class RecordProducts(OperationInput):
    """What the ingestion API answered."""

    model_config = ConfigDict(str_max_length=4_000_000)

    products: str = Field(max_length=4_000_000, description="Products and plans as Microsoft wrote them, in JSON.")


@internal_command("accounts.record_products", evidence=(OBSERVED,))
def record_products(context: CommandContext, request: RecordProducts) -> Outcome[Observed]:
    """Keep the products and plans that Microsoft's API listed."""
    seen = read_source(Source.PRODUCTS, request.products)
    return _observe(context, Source.PRODUCTS, seen, "the product ingestion API")


class AskProducts(OperationInput):
    """Nothing to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductsAsked:
    """Microsoft will be asked; the answer appears among what was seen."""

    is_asked: bool


@command(
    "accounts.ask_products",
    groups=("accounts.change",),
    evidence=(PRODUCTS_ASKED,),
    http="POST /accounts/seen/products/ask",
    cli="accounts read-products",
)
def ask_products(context: CommandContext, _request: AskProducts) -> Outcome[ProductsAsked]:
    """Have Microsoft asked for the account's products and plans, in the background."""
    context.enqueue(READ_PRODUCTS, context.now.isoformat())
    entry = EvidenceDraft(kind=PRODUCTS_ASKED.name, subject_type="account", subject_id="publisher", payload={})
    return Outcome(result=ProductsAsked(is_asked=True), entry=entry)


def _observe(context: CommandContext, source: Source, seen: Seen, origin: str) -> Outcome[Observed]:
    offers = seen.offers or []
    result = Observed(
        source=source.value,
        people=len(seen.people or []),
        partner_ids=len(seen.partner_ids or []),
        offers=len(offers),
        plans=sum(len(offer.plans) for offer in offers),
    )
    document = seen.model_dump(mode="json", exclude_none=True)
    row = context.session.get(ObservationRow, source.value, with_for_update=True)
    if row is None:
        row = ObservationRow(source=source.value)
        context.session.add(row)
    row.document, row.origin, row.observed_at = document, origin[:300], context.now
    entry = EvidenceDraft(
        kind=OBSERVED.name,
        subject_type="account",
        subject_id="publisher",
        payload={"source": source.value, "origin": origin[:300], "digest": _digest(document)},
    )
    return Outcome(result=result, entry=entry)


def _state(context: CommandContext, structure: Structure, *, adopted: int) -> Outcome[StructureStated]:
    findings = check_structure(structure, Basis(as_of=context.now.date()))
    counts, document = counts_of(structure), to_document(structure)
    digest = _digest(document)
    newest = newest_structure(context.session)
    is_new = newest is None or newest.digest != digest
    result = StructureStated(
        company=structure.company,
        publishers=counts.publishers,
        offers=counts.offers,
        plans=counts.plans,
        errors=findings.count(Level.ERROR),
        warnings=findings.count(Level.WARNING),
        is_new=is_new,
        adopted=adopted,
    )
    if not is_new:
        return Outcome(result=result, entry=None)
    context.session.add(
        StructureRow(document=document, digest=digest, stated_at=context.now, stated_by=context.principal.id)
    )
    entry = EvidenceDraft(
        kind=STRUCTURE_STATED.name,
        subject_type="account",
        subject_id="publisher",
        payload={
            "digest": digest,
            "publishers": counts.publishers,
            "offers": counts.offers,
            "plans": counts.plans,
            "adopted": adopted,
        },
    )
    return Outcome(result=result, entry=entry)


def _digest(document: object) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
