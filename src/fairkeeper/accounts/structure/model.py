"""A company's structure at Partner Center: tenants, people, partner ids, publishers, offers, plans, app registrations.

The parts are pydantic models, because the file is the structure: what a person writes, what is kept and what the rules
read are one shape, and a key that nobody knows is refused. Nothing here judges; the rules are in `accounts.checks`.

Source: Microsoft Learn, Partner Center documentation, "Manage locations", "Create a Microsoft AI Cloud Partner Program
account", "Account settings, Identifiers"; one PGA with PLAs directly under it; publishers with their own users.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt
from pydantic_core import PydanticCustomError

T = TypeVar("T")
Many = Annotated[list[T], Field(max_length=5_000)]
"""Far more than a company has, and few enough to be checked for anybody."""
ALL_MARKETS: Final = "all"


def _read_date(value: Any) -> Any:
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        try:
            if (day := date.fromisoformat(value)).year in range(1990, 2200):
                return day
        except ValueError:
            pass
    raise PydanticCustomError("date", "{shown} is not a date like 2027-01-31", {"shown": repr(value)[:60]})


def _read_id(value: Any) -> Any:
    if type(value) is int:
        raise PydanticCustomError("id_not_text", "the id {shown} has no quotes", {"shown": str(value)[:40]})
    return value


Day = Annotated[date, BeforeValidator(_read_date)]
Id = Annotated[str, BeforeValidator(_read_id), Field(max_length=200)]
"""An id of Microsoft's; digits stand in quotes, so that no program drops a leading zero."""


class Part(BaseModel):
    """Base of every part: unknown keys are faults, values are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_max_length=2_000)


class Life(StrEnum):
    """Whether a thing exists at Microsoft."""

    PLANNED = "planned"
    """Only thought of; nothing about it is permanent yet."""
    DRAFT = "draft"
    """Created, so its id is fixed, and not published."""
    LIVE = "live"
    RETIRED = "retired"


class AccountKind(StrEnum):
    """The account a person would sign in with."""

    IN_TENANT = "in_tenant"
    """A work account that exists in one of the company's tenants."""
    NOT_YET = "not_yet"
    """No account yet; one is wanted in a tenant of the company's."""
    OUTSIDE = "outside"
    """A work account of another organization."""
    MICROSOFT_ACCOUNT = "microsoft_account"
    """A personal account; Partner Center takes none."""


class WayIn(StrEnum):
    """How a person is given access in Account settings, User management."""

    CREATE = "create"
    ADD = "add"
    INVITE = "invite"


class Serves(StrEnum):
    """What a location exists for."""

    COMPANY = "company"
    DIVISION = "division"
    SALES_CENTRE = "sales_centre"
    COUNTRY = "country"


class ProfileState(StrEnum):
    """How a tax or payment profile stands in Partner Center."""

    MISSING = "missing"
    PENDING = "pending"
    ACTIVE = "active"
    REJECTED = "rejected"


class Credential(StrEnum):
    """How an app registration proves itself, best first."""

    FEDERATED = "federated"
    CERTIFICATE = "certificate"
    SECRET = "secret"  # noqa: S105 - a word


class Tenant(Part):
    """One Microsoft Entra tenant.

    Args:
        domains: Verified domains, the first is the one that people's addresses have.
    """

    id: Id
    name: str = ""
    domains: Many[str] = Field(default_factory=list)
    is_associated: StrictBool = True


class Person(Part):
    """One person with access, or who shall get it.

    Args:
        roles: Roles of the whole account and of the directory.
        publisher_roles: Roles by publisher id.
        left_on: When the person left the company.
        way_in: How access is to be given; only for somebody who has none yet.
    """

    name: str
    email: str
    account: AccountKind = AccountKind.IN_TENANT
    roles: Many[str] = Field(default_factory=list)
    publisher_roles: dict[str, Many[str]] = Field(default_factory=dict)
    left_on: Day | None = None
    way_in: WayIn | None = None

    @property
    def domain(self) -> str:
        """The domain of the address."""
        return self.email.rpartition("@")[2].lower()

    @property
    def has_access(self) -> bool:
        """Whether any role is held."""
        return bool(self.roles) or any(self.publisher_roles.values())


class GlobalAccount(Part):
    """The partner global account (PGA): one a company, never used for transactions."""

    partner_id: Id
    legal_name: str
    primary_contact: str = ""


class Location(Part):
    """A partner location account (PLA), directly under the PGA."""

    partner_id: Id
    name: str
    country: str = ""
    serves: Serves = Serves.COMPANY
    csp_tenant: Id | None = None


class Profile(Part):
    """A tax or payment profile of a publisher."""

    state: ProfileState = ProfileState.MISSING
    valid_until: Day | None = None
    country: str = ""


class Plan(Part):
    """A plan of an offer.

    Args:
        markets: Two-letter codes, or `all`.
        trial_days: Length of a free trial.
    """

    id: str
    name: str = ""
    summary: str = ""
    description: Annotated[str, Field(max_length=20_000)] = ""
    life: Life = Life.LIVE
    is_private: StrictBool = False
    markets: Many[str] | str = Field(default_factory=list)
    trial_days: StrictInt | None = None

    @property
    def market_count(self) -> int:
        """In how many markets it is sold; every one counts as 141."""
        return MOST_MARKETS if self.markets == ALL_MARKETS else len(set(self.markets))


MOST_MARKETS: Final = 141


class Offer(Part):
    """An offer of a publisher, with what a reviewer reads of it.

    Args:
        app_registration: Application id in Technical configuration.
        landing_page, webhook: Addresses in Technical configuration; this installation's own if left out.
        sign_in_permissions: What the landing page asks for at sign-in.
        needs_admin: Whether a feature needs an administrator's consent.
        intended_use: What it is for and not for, or where that stands.
        evaluation, evaluated_on: Where the newest evaluation stands, and its day.
        dimensions: How many metering dimensions it has.
    """

    id: str
    name: str = ""
    kind: str = "saas"
    life: Life = Life.LIVE
    summary: str = ""
    description: Annotated[str, Field(max_length=20_000)] = ""
    app_registration: Id | None = None
    landing_page: str | None = None
    webhook: str | None = None
    support_link: str = ""
    privacy_link: str = ""
    terms_link: str = ""
    sign_in_permissions: Many[str] = Field(default_factory=list)
    needs_admin: StrictBool | None = None
    intended_use: str = ""
    evaluation: str = ""
    evaluated_on: Day | None = None
    test_account: str = ""
    dimensions: StrictInt = 0
    plans: Many[Plan] = Field(default_factory=list)


class Publisher(Part):
    """A publisher account: its ids, profiles, verification and offers.

    Args:
        location: PartnerID of the location it is associated with; cannot be edited once set.
        verification: Status as Partner Center shows it (Pending, Accepted, Authorized, Rejected).
    """

    id: str
    name: str
    seller_id: Id | None = None
    location: Id | None = None
    country: str = ""
    life: Life = Life.LIVE
    verification: str = "Pending"
    tax_profile: Profile = Field(default_factory=Profile)
    payout_profile: Profile = Field(default_factory=Profile)
    offers: Many[Offer] = Field(default_factory=list)


class AppRegistration(Part):
    """An app registration that offers are sold through.

    Args:
        publisher_domain: The domain in its branding; not `*.onmicrosoft.com`.
        is_publisher_verified: Whether publisher verification shows the PGA's name to customers.
        is_locked: Whether app instance property lock is on.
    """

    id: Id
    name: str = ""
    tenant: Id | None = None
    is_multitenant: StrictBool = True
    publisher_domain: str = ""
    is_publisher_verified: StrictBool = True
    is_locked: StrictBool = True
    credential: Credential = Credential.CERTIFICATE
    credential_expires: Day | None = None
    redirect_addresses: Many[str] = Field(default_factory=list)


class Naming(Part):
    """The publisher's own convention for ids, stated once.

    Args:
        offer, plan: Patterns such as `{brand}-{product}`; a part in braces stands for one word.
        words: The words that a part may be; a part without any may be any word.
    """

    offer: str = ""
    plan: str = ""
    words: dict[str, Many[str]] = Field(default_factory=dict)


class Structure(Part):
    """The whole house."""

    company: str
    country: str = ""
    tenants: Many[Tenant] = Field(default_factory=list)
    people: Many[Person] = Field(default_factory=list)
    global_account: GlobalAccount | None = None
    locations: Many[Location] = Field(default_factory=list)
    publishers: Many[Publisher] = Field(default_factory=list)
    app_registrations: Many[AppRegistration] = Field(default_factory=list)
    naming: Naming = Field(default_factory=Naming)

    def offers(self) -> Iterator[tuple[str, Publisher, Offer]]:
        """Go through all offers, each with its place in the file and its publisher."""
        for number, publisher in enumerate(self.publishers):
            for position, offer in enumerate(publisher.offers):
                yield f"publishers/{number}/offers/{position}", publisher, offer

    def plans(self) -> Iterator[tuple[str, Offer, Plan]]:
        """Go through all plans, each with its place in the file and its offer."""
        for place, _, offer in self.offers():
            for number, plan in enumerate(offer.plans):
                yield f"{place}/plans/{number}", offer, plan

    def app(self, app_id: str | None) -> AppRegistration | None:
        """Return the app registration of an application id."""
        wanted = (app_id or "").lower()
        return next((each for each in self.app_registrations if each.id.lower() == wanted), None)
