"""Names, contacts and documents of a private offer: their number, length and characters.

Source: Microsoft Learn, "Private offers submission API", schema 2023-07-15 (name, notification contacts, terms), and
"Multiparty private offers" (documents together, note); Partner Center's limits of offer and plan ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from fairkeeper.deals.checks.declaring import Basis, declare
from fairkeeper.deals.deal import Deal, DealKind, Plan
from fairkeeper.values.findings import Finding

LONGEST_NAME: Final = 128
MOST_CONTACTS: Final = 5
MOST_DOCUMENTS: Final = 5
LONGEST_NOTE: Final = 60
_BANNED: Final = "!<>^[]@#%/"
_MAIL: Final = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+")

NAME_INVALID: Final = declare(
    "name_invalid",
    title="A private offer's name has 1 to 128 characters and none of ! < > ^ [ ] @ # % / or control characters",
    remedy="Shorten the name, or replace the characters that are named.",
    resource="learn-private-offers-api",
    example='name: "Contoso 50% off"',
)
CONTACT_INVALID: Final = declare(
    "contact_invalid",
    title="A contact is one e-mail address",
    remedy="Write one address to an entry, such as deals@fairmile.example.",
    resource="learn-private-offers-api",
    example="contacts: [the deal desk]",
)
TOO_MANY_CONTACTS: Final = declare(
    "too_many_contacts",
    title="A private offer notifies at most five addresses",
    remedy="Keep five, or use a distribution list.",
    resource="learn-private-offers-api",
    example="contacts: six addresses",
)
TOO_MANY_DOCUMENTS: Final = declare(
    "too_many_documents",
    title="One document of terms; five together in a multiparty offer",
    remedy="Join the documents into one file.",
    resource="learn-private-offers",
    example="terms: two documents in an offer to a customer",
)
DOCUMENT_NOT_PDF: Final = declare(
    "document_not_pdf",
    title="Terms are a PDF",
    remedy="Save the document as PDF.",
    resource="learn-private-offers",
    example="terms: [{file: terms.docx}]",
)
NOTE_TOO_LONG: Final = declare(
    "note_too_long",
    title="The note of a multiparty offer has at most 60 characters",
    remedy="Shorten it.",
    resource="learn-multiparty-private-offers",
    example="note: sixty-one characters",
)


def check_name(deal: Deal, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - every rule takes the same two
    """Find a name that Partner Center refuses."""
    bad = sorted({letter for letter in deal.name if letter in _BANNED or not letter.isprintable()})
    if bad:
        shown = " ".join(letter if letter.isprintable() else repr(letter) for letter in bad)
        yield NAME_INVALID.found(f"The name {deal.name[:60]!r} has {shown}.", path="name")
    elif not deal.name.strip() or len(deal.name) > LONGEST_NAME:
        yield NAME_INVALID.found(f"The name has {len(deal.name)} characters.", path="name")


def check_contacts(deal: Deal, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - as above
    """Find contacts that are no address, and too many of them."""
    named = [("prepared_by", deal.prepared_by)] if deal.prepared_by else []
    named += [(f"contacts/{number}", contact) for number, contact in enumerate(deal.contacts)]
    for path, address in named:
        if not _MAIL.fullmatch(address):
            yield CONTACT_INVALID.found(f"{address[:60]!r} is not an e-mail address.", path=path)
    if len(deal.contacts) > MOST_CONTACTS:
        yield TOO_MANY_CONTACTS.found(f"There are {len(deal.contacts)} contacts.", path="contacts")


def check_documents(deal: Deal, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - as above
    """Find documents beyond the allowed number, and those that are no PDF."""
    most = MOST_DOCUMENTS if deal.kind is DealKind.MULTIPARTY else 1
    if len(deal.terms) > most:
        yield TOO_MANY_DOCUMENTS.found(f"There are {len(deal.terms)} documents; {most} may be added.", path="terms")
    for number, document in enumerate(deal.terms):
        if not document.file.lower().endswith(".pdf"):
            yield DOCUMENT_NOT_PDF.found(f"{document.file[:60]!r} is not a PDF.", path=f"terms/{number}/file")


def check_note(deal: Deal, plan: Plan, path: str, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - as above
    """Find a channel partner's note that is too long."""
    if len(plan.note) > LONGEST_NOTE:
        yield NOTE_TOO_LONG.found(f"The note has {len(plan.note)} characters.", path=f"{path}/note")
