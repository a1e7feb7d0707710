"""The `{tenant}` of every address: a GUID, a domain, or one of three words, and who may sign in through it.

Source: Microsoft Entra, "OpenID Connect on the Microsoft identity platform", table of `{tenant}` values, read
2026-11-22.
"""

from __future__ import annotations

from dataclasses import dataclass

from fairkeeper.sandbox.directory import (
    PERSONAL_TENANT_ID,
    AppRegistration,
    Directory,
    Person,
    SignInAudience,
    Tenant,
)
from fairkeeper.sandbox.entra.errors import StsError

COMMON = "common"
ORGANIZATIONS = "organizations"
CONSUMERS = "consumers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """What stands for the tenant in an address; `tenant` is None for `common` and `organizations`."""

    text: str
    tenant: Tenant | None

    @property
    def name(self) -> str:
        """The tenant's GUID, or the word."""
        return self.text if self.tenant is None else self.tenant.id

    @property
    def path(self) -> str:
        """How metadata spell it in the addresses they name; a domain becomes the GUID."""
        return self.text if self.text == CONSUMERS else self.name


def resolve_segment(directory: Directory, text: str) -> Segment:
    """Return what an address's tenant stands for.

    Raises:
        StsError: 90002, no such tenant.
    """
    word = text.lower()
    if word in {COMMON, ORGANIZATIONS}:
        return Segment(text=word, tenant=None)
    tenant = directory.tenant(PERSONAL_TENANT_ID if word == CONSUMERS else word)
    if tenant is None:
        raise StsError(90002, tenant=text)
    return Segment(text=word, tenant=tenant)


def check_app(directory: Directory, segment: Segment, client_id: str) -> AppRegistration:
    """Return the application that signs people in through a segment.

    Raises:
        StsError: 700016 not known there, 50194 single-tenant through a word, 9002332 no personal accounts.
    """
    app = directory.app(client_id)
    if app is None:
        raise StsError(700016, client=client_id, tenant=segment.name)
    if app.audience is SignInAudience.SINGLE:
        if segment.tenant is None or segment.text == CONSUMERS:
            raise StsError(50194, client=client_id)
        if segment.tenant.id != app.tenant_id:
            raise StsError(700016, client=client_id, tenant=segment.name)
    is_personal = segment.tenant is not None and segment.tenant.is_personal
    if is_personal and app.audience is not SignInAudience.MULTI_AND_PERSONAL:
        raise StsError(9002332, client=client_id)
    return app


def check_person(segment: Segment, app: AppRegistration, person: Person) -> None:
    """Check that a person may sign in to an application through a segment.

    Raises:
        StsError: 50020 not of this tenant, 500208 an account of the wrong type.
    """
    is_personal = person.tenant_id == PERSONAL_TENANT_ID
    if segment.tenant is not None:
        if person.tenant_id != segment.tenant.id:
            raise StsError(50020, account=person.email, tenant=segment.tenant.name, client=app.client_id)
    elif is_personal and (segment.text == ORGANIZATIONS or app.audience is not SignInAudience.MULTI_AND_PERSONAL):
        raise StsError(500208)
