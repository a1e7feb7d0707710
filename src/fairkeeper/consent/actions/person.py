"""A person's own consent: what to ask for, and what the scopes of the answer prove.

A person's consent is proved by the answer to their code, with an ID token of the tenant that was asked; what the
enterprise application may do in others' names it does not show.

Source: Microsoft Learn, "Microsoft identity platform and OAuth 2.0 authorization code flow" (`scope` of the answer).
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import (
    SYSTEM_ONLY,
    CommandContext,
    Operation,
    OperationInput,
    Outcome,
    QueryContext,
    internal_command,
    query,
)
from fairkeeper.consent.actions.probe import Probed, RecordProbe, record_probe
from fairkeeper.consent.asking.own_consent import own_consent_to
from fairkeeper.consent.catalogue.held import catalogue_in
from fairkeeper.consent.catalogue.permissions import BASIC
from fairkeeper.consent.errors import ConnectLinkRefusedError, GrantNotFoundError
from fairkeeper.consent.evidence_kinds import DISPROVED, DRIFTED, LOST, OWN_FAULT, PROVED, PROVED_PARTLY, SUSPECTED
from fairkeeper.consent.lifecycle import ENDED_LINKS, LinkState
from fairkeeper.consent.store import find_link, present_grants, wanted_of_row
from fairkeeper.consent.tables import ConnectRow


class BeginPerson(OperationInput):
    """Which page and grant."""

    page: str = Field(min_length=64, max_length=64, description="SHA-256 of the page's token, in hexadecimal.")
    grant_id: str = Field(max_length=40, description="The grant.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonStart:
    """What a person's consent asks for.

    Attributes:
        scopes: Empty where nothing of it is theirs to allow, so that it goes to the administrator.
    """

    tenant_id: str
    app_id: str
    scopes: tuple[str, ...]


@query("consent.begin_person", groups=SYSTEM_ONLY, mcp=False)
def begin_person(context: QueryContext, request: BeginPerson) -> PersonStart:
    """Say what a person's own consent asks for, and of which application."""
    page = context.session.scalars(
        select(ConnectRow).where(ConnectRow.token_digest == bytes.fromhex(request.page))
    ).first()
    link = None if page is None else find_link(context.session, page.customer_id)
    if page is None or link is None or page.revoked_at is not None or LinkState(link.state) in ENDED_LINKS:
        raise ConnectLinkRefusedError("There is no such page, or it is not good any more.")
    wanted = wanted_of_row(link)
    row = next((each for each in present_grants(context.session, link) if each.grant_id == request.grant_id), None)
    if row is None or wanted is None:
        msg = f"Nothing of the id {request.grant_id!r} is asked for on this page."
        raise GrantNotFoundError(msg)
    own = own_consent_to(wanted, row.registration, row.features, catalogue_in(context.session))
    return PersonStart(tenant_id=link.tenant_id, app_id=row.app_id, scopes=own.scopes)


class RecordPerson(OperationInput):
    """What a person's code was redeemed for."""

    grant_id: str = Field(max_length=40, description="The grant.")
    granted: tuple[str, ...] = Field((), max_length=400, description="Scopes that the answer names.")
    numbers: tuple[int, ...] = Field((), max_length=20, description="AADSTS numbers of a refusal.")


@internal_command(
    "consent.record_person", evidence=(PROVED, PROVED_PARTLY, DRIFTED, DISPROVED, SUSPECTED, LOST, OWN_FAULT)
)
def record_person(context: CommandContext, request: RecordPerson) -> Outcome[Probed]:
    """Follow what a person's own consent proves."""
    probed: Outcome[Probed] = record_probe.function(
        context,
        RecordProbe(
            grant_id=request.grant_id,
            has_token=bool(request.granted),
            carried=tuple(name for name in request.granted if name not in BASIC),
            numbers=request.numbers,
        ),
    )
    return probed


OPERATIONS: tuple[Operation, ...] = (begin_person, record_person)
