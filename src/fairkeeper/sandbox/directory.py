"""Who exists in the pretend Microsoft: tenants, people and registered applications, all plainly made up.

Separate from the pretend Entra, because the marketplace and the storefront sell to the same people. GUIDs are fixed,
so that a rehearsal, its screenshots and its tests agree from one start to the next.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import urlsplit

from fairkeeper.errors import InvalidError

PERSONAL_TENANT_ID = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of all personal Microsoft accounts.

Source: Microsoft Entra, "ID token claims reference", read 2026-11-22.
"""

PUBLISHER_TENANT_ID = "fa111111-0000-4000-8000-000000000001"
"""Fairmile Software, the demo's publisher."""
FULFILLMENT_APP_ID = "fa111111-0000-4000-8000-0000000000f1"
"""The publisher's single-tenant application that calls the fulfillment APIs."""
FULFILLMENT_APP_SECRET = "sandbox-fulfillment-secret"  # noqa: S105 - a pretend secret of a pretend application
LANDING_APP_ID = "fa111111-0000-4000-8000-0000000000f2"
"""The publisher's multi-tenant application for sign-in and the landing page, personal accounts included."""
LANDING_APP_SECRET = "sandbox-landing-secret"  # noqa: S105 - a pretend secret of a pretend application
AT_YOUR_SIDE_APP_ID = "fa111111-0000-4000-8000-0000000000d3"
"""The publisher's multi-tenant application that works in a person's name."""
DESK_APP_ID = "fa111111-0000-4000-8000-0000000000d4"
"""The publisher's multi-tenant application that works with nobody signed in."""
SORTER_APP_ID = "fa111111-0000-4000-8000-0000000000d5"
"""The blueprint of the publisher's agent."""
WORK_APP_SECRET = "sandbox-work-secret"  # noqa: S105 - a pretend secret of three pretend applications

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_NAMESPACE = uuid.UUID("fa111111-0000-4000-8000-00000000a5e0")


class SignInAudience(StrEnum):
    """Who may sign in to an application, in the words of the application manifest (`signInAudience`)."""

    SINGLE = "AzureADMyOrg"
    MULTI = "AzureADMultipleOrgs"
    MULTI_AND_PERSONAL = "AzureADandPersonalMicrosoftAccount"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """An organisation's directory, or the one of personal accounts."""

    id: str
    name: str
    domain: str

    @property
    def is_personal(self) -> bool:
        """Whether personal Microsoft accounts live here."""
        return self.id == PERSONAL_TENANT_ID


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An account in a tenant."""

    object_id: str
    tenant_id: str
    name: str
    email: str
    puid: str
    is_tenant_admin: bool = False
    is_guest: bool = False
    """Whether the account is a guest in the tenant: its own company is another one."""
    app_roles: tuple[str, ...] = ()
    """Roles of the publisher's application that its tenant assigned to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRegistration:
    """An application as its owner registered it, in its home tenant.

    Args:
        client_id: Application (client) id.
        tenant_id: Home tenant.
        name: What people are shown.
        secrets: Client secrets that are good.
        redirect_uris: Where answers may go, exactly; one that ends in `*` stands for all that begin so. For this
            machine (localhost, 127.0.0.1, ::1) the port is left out of the comparison.
        audience: Who may sign in.
        access_token_version: The format of tokens for this application as an API (`accessTokenAcceptedVersion`).
        delegated, application: Permissions of Graph that the registration lists; `.default` asks for all of them.
        is_publisher_verified: Whether users may consent to more than sign-in.
        is_blueprint: Whether it is an agent identity blueprint; nobody signs in to one, and it has no addresses.
        inheritable: Permissions that its agent identities inherit where they are granted to its principal.
    """

    client_id: str
    tenant_id: str
    name: str
    secrets: tuple[str, ...] = ()
    redirect_uris: tuple[str, ...] = ()
    audience: SignInAudience = SignInAudience.SINGLE
    access_token_version: int = 2
    delegated: tuple[str, ...] = ()
    application: tuple[str, ...] = ()
    is_publisher_verified: bool = True
    is_blueprint: bool = False
    inheritable: tuple[str, ...] = ()

    def may_redirect_to(self, uri: str) -> bool:
        """Say whether an address is registered for answers.

        Example:
            >>> app = AppRegistration(
            ...     client_id="1", tenant_id="2", name="Demo", redirect_uris=("http://127.0.0.1/auth/*",)
            ... )
            >>> (
            ...     app.may_redirect_to("http://127.0.0.1:8700/auth/callback"),
            ...     app.may_redirect_to("https://x.example/auth/"),
            ... )
            (True, False)
        """
        return any(_matches(registered, uri) for registered in self.redirect_uris)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePrincipal:
    """An application's presence in one tenant; what it may do there is not kept here."""

    object_id: str
    client_id: str
    tenant_id: str


def principal_object_id(client_id: str, tenant_id: str) -> str:
    """Return the object id that an application's service principal has in a tenant, whether it exists yet or not.

    Example:
        >>> principal_object_id("a", "b") == principal_object_id("a", "c")
        False
    """
    return str(uuid.uuid5(_NAMESPACE, f"{client_id}@{tenant_id}"))


class Directory:
    """Tenants, people, applications and their presence in tenants; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._tenants: dict[str, Tenant] = {}
        self._people: dict[str, Person] = {}
        self._apps: dict[str, AppRegistration] = {}
        self._principals: dict[tuple[str, str], ServicePrincipal] = {}

    @property
    def tenants(self) -> tuple[Tenant, ...]:
        """All tenants, in the order in which they were added."""
        with self._lock:
            return tuple(self._tenants.values())

    @property
    def people(self) -> tuple[Person, ...]:
        """All people, in the order in which they were added."""
        with self._lock:
            return tuple(self._people.values())

    @property
    def apps(self) -> tuple[AppRegistration, ...]:
        """All registered applications."""
        with self._lock:
            return tuple(self._apps.values())

    @property
    def service_principals(self) -> tuple[ServicePrincipal, ...]:
        """All presences of applications in tenants."""
        with self._lock:
            return tuple(self._principals.values())

    def add_tenant(self, tenant: Tenant) -> None:
        """Add or replace a tenant."""
        with self._lock:
            self._tenants[tenant.id] = tenant

    def add_person(self, person: Person) -> None:
        """Add or replace a person.

        Raises:
            InvalidError: There is no such tenant.
        """
        with self._lock:
            self._check_tenant(person.tenant_id)
            self._people[person.object_id] = person

    def add_app(self, app: AppRegistration) -> None:
        """Add or replace a registration; its home tenant gets a service principal, as the portal does it.

        Raises:
            InvalidError: There is no such tenant.
        """
        with self._lock:
            self._check_tenant(app.tenant_id)
            self._apps[app.client_id] = app
            self.add_service_principal(app.client_id, app.tenant_id)

    def add_redirect_uri(self, client_id: str, uri: str) -> AppRegistration:
        """Register one more address for answers.

        Raises:
            InvalidError: There is no such application, or it is no http(s) address.
        """
        if urlsplit(uri).scheme not in {"http", "https"} or not urlsplit(uri).hostname:
            raise InvalidError(f"{uri!r} is no http or https address.", code="sandbox.redirect_uri_malformed")
        with self._lock:
            app = self._apps.get(client_id)
            if app is None:
                raise InvalidError(f"No application {client_id!r} is registered.", code="sandbox.app_unknown")
            if uri not in app.redirect_uris:
                app = replace(app, redirect_uris=(*app.redirect_uris, uri))
                self._apps[client_id] = app
            return app

    def add_service_principal(self, client_id: str, tenant_id: str) -> ServicePrincipal:
        """Make an application present in a tenant, if it is not yet.

        Raises:
            InvalidError: There is no such tenant.
        """
        with self._lock:
            self._check_tenant(tenant_id)
            key = (client_id, tenant_id)
            if key not in self._principals:
                object_id = principal_object_id(client_id, tenant_id)
                self._principals[key] = ServicePrincipal(object_id=object_id, client_id=client_id, tenant_id=tenant_id)
            return self._principals[key]

    def remove_service_principal(self, client_id: str, tenant_id: str) -> None:
        """Delete the enterprise application from a tenant, as its administrator can."""
        with self._lock:
            self._principals.pop((client_id, tenant_id), None)

    def tenant(self, id_or_domain: str) -> Tenant | None:
        """Return the tenant of this GUID or domain name, in any case of letters."""
        wanted = id_or_domain.lower()
        return next((each for each in self.tenants if wanted in {each.id, each.domain}), None)

    def person(self, object_id: str) -> Person | None:
        """Return the person of this object id."""
        with self._lock:
            return self._people.get(object_id.lower())

    def app(self, client_id: str) -> AppRegistration | None:
        """Return the registration of this client id."""
        with self._lock:
            return self._apps.get(client_id.lower())

    def service_principal(self, client_id: str, tenant_id: str) -> ServicePrincipal | None:
        """Return an application's presence in a tenant."""
        with self._lock:
            return self._principals.get((client_id.lower(), tenant_id))

    def _check_tenant(self, tenant_id: str) -> None:
        if tenant_id not in self._tenants:
            raise InvalidError(f"No tenant {tenant_id!r} is known.", code="sandbox.tenant_unknown")


def _matches(registered: str, uri: str) -> bool:
    """Compare scheme, host, port (not for this machine) and path; `*` at the end takes any rest of the path."""
    wanted, given = urlsplit(registered.removesuffix("*")), urlsplit(uri)
    try:
        ports = (wanted.port, given.port)
    except ValueError:
        return False
    if given.username is not None or given.fragment or "\\" in uri:
        return False
    if (wanted.scheme, wanted.hostname) != (given.scheme, given.hostname):
        return False
    if wanted.hostname not in _LOOPBACK and ports[0] != ports[1]:
        return False
    if registered.endswith("*"):
        return (given.path or "/").startswith(wanted.path or "/")
    return (wanted.path or "/", wanted.query) == (given.path or "/", given.query)


_FAIRMILE_STAFF = (
    "Olivia Owner",
    "Oscar Operations",
    "Sam Security",
    "Fiona Finance",
    "Audrey Auditor",
    "Percy Partner",
    "Ines Invited",
)
"""The last works there too, and nobody has let her in yet."""
_CUSTOMERS = (
    ("Contoso", "Cora Contoso", "Carl Contoso"),
    ("Fabrikam", "Freya Fabrikam", "Felix Fabrikam"),
    ("Northwind", "Nora Northwind", "Nils Northwind"),
    ("Adatum", "Ada Adatum", "Anton Adatum"),
    ("Litware", "Lena Litware", "Leo Litware"),
    ("Tailspin", "Tara Tailspin", "Tom Tailspin"),
)
_GUEST_ID = "0b990001-0000-4000-8000-000000000099"
_PERSONAL_ACCOUNTS = ("Petra Personal", "Pablo Personal")


def default_directory() -> Directory:
    """Return the made-up world of the demo: a publisher, six customers, personal accounts, five applications.

    Example:
        >>> len(default_directory().tenants), default_directory().people[0].email
        (8, 'olivia.owner@fairmile.example')
    """
    directory = Directory()
    directory.add_tenant(Tenant(id=PUBLISHER_TENANT_ID, name="Fairmile Software", domain="fairmile.example"))
    _add_people(directory, 0, directory.tenants[0], _FAIRMILE_STAFF)
    for number, (company, *people) in enumerate(_CUSTOMERS, start=1):
        domain = f"{company.lower()}.example"
        tenant = Tenant(id=f"c0{number:06d}-0000-4000-8000-000000000001", name=company, domain=domain)
        directory.add_tenant(tenant)
        _add_people(directory, number, tenant, people)
    guest = _person(directory.tenants[1], "Gus Guest", object_id=_GUEST_ID, puid="1003009900000001")
    directory.add_person(replace(guest, email="gus.guest@proseware.example", is_guest=True))
    personal = Tenant(id=PERSONAL_TENANT_ID, name="Personal Microsoft accounts", domain="outlook.example")
    directory.add_tenant(personal)
    for number, name in enumerate(_PERSONAL_ACCOUNTS, start=1):
        puid = f"0003bffd{number:08x}"
        # Object ids of personal accounts are the account's number behind zeroes.
        object_id = f"00000000-0000-0000-{puid[:4]}-{puid[4:]}"
        directory.add_person(_person(personal, name, object_id=object_id, puid=puid.upper()))
    _add_apps(directory)
    return directory


def _add_people(directory: Directory, company: int, tenant: Tenant, names: Iterable[str]) -> None:
    """Add the people of one company; the first is its administrator."""
    for number, name in enumerate(names, start=1):
        object_id = f"0b{company:02d}{number:04d}-0000-4000-8000-0000000000{company:02d}"
        puid = f"1003{company:04d}{number:08X}"
        directory.add_person(_person(tenant, name, object_id=object_id, puid=puid, is_tenant_admin=number == 1))


def _person(tenant: Tenant, name: str, *, object_id: str, puid: str, is_tenant_admin: bool = False) -> Person:
    return Person(
        object_id=object_id,
        tenant_id=tenant.id,
        name=name,
        email=f"{name.lower().replace(' ', '.')}@{tenant.domain}",
        puid=puid,
        is_tenant_admin=is_tenant_admin,
    )


def _add_apps(directory: Directory) -> None:
    """Register what Microsoft recommends: one application for API calls, another for people, others for work.

    Source: Microsoft Marketplace, "Build the landing page for your transactable SaaS offer" (two registrations),
    read 2026-11-22.
    """
    directory.add_app(
        AppRegistration(
            client_id=FULFILLMENT_APP_ID,
            tenant_id=PUBLISHER_TENANT_ID,
            name="Fairmile fulfillment",
            secrets=(FULFILLMENT_APP_SECRET,),
            access_token_version=1,
        )
    )
    directory.add_app(
        AppRegistration(
            client_id=LANDING_APP_ID,
            tenant_id=PUBLISHER_TENANT_ID,
            name="Fairmile sign-in",
            secrets=(LANDING_APP_SECRET,),
            redirect_uris=("http://localhost/*", "http://127.0.0.1/*"),
            audience=SignInAudience.MULTI_AND_PERSONAL,
        )
    )
    for client_id, name, delegated, application in _WORK_APPS:
        is_blueprint = client_id == SORTER_APP_ID
        directory.add_app(
            AppRegistration(
                client_id=client_id,
                tenant_id=PUBLISHER_TENANT_ID,
                name=name,
                secrets=(WORK_APP_SECRET,),
                redirect_uris=() if is_blueprint else ("http://localhost/*", "http://127.0.0.1/*"),
                audience=SignInAudience.MULTI,
                delegated=delegated,
                application=application,
                is_blueprint=is_blueprint,
            )
        )


_WORK_APPS: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    (AT_YOUR_SIDE_APP_ID, "Fairmile at your side", (), ()),
    (DESK_APP_ID, "Fairmile desk", (), ("Mail.Read", "Mail.Send")),
    (SORTER_APP_ID, "Fairmile sorter", (), ("Sites.Selected",)),
)
"""What works in customers' tenants: one registration for each tier, with the permissions that it lists."""
