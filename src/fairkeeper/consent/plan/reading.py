"""Reads a consent plan from YAML or JSON: every fault with its line, and a plan only where nothing is at fault.

Separate from the rules, which are asked of a whole plan alone: what could not be read cannot be judged.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from fairkeeper.action.document import Place, TextFaults, read_document
from fairkeeper.consent.catalogue.permissions import Kind
from fairkeeper.consent.plan.kinds import PLAN_MALFORMED, PLAN_UNREADABLE
from fairkeeper.consent.plan.plan import (
    Access,
    AccessWay,
    Acts,
    Audience,
    Consent,
    ConsentPlan,
    Credential,
    Decision,
    Feature,
    IdentityOwner,
    Offer,
    OfferType,
    Permission,
    Registration,
    Tier,
)
from fairkeeper.values.findings import Finding, Findings

ROOT_KEY: Final = "consent_plan"
_TEXT_FAULTS: Final = TextFaults(unreadable=PLAN_UNREADABLE, duplicate_key=PLAN_MALFORMED)
_MOST_FAULTS: Final = 50

_Guid = Annotated[
    str,
    StringConstraints(
        pattern=r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$", to_lower=True
    ),
]
_Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,59}$")]
_Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
_Text = Annotated[str, StringConstraints(max_length=10_000)]
_PermissionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9._-]{0,119}$")]
_Operation = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{3,7} /\S{1,300}$")]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class PublisherShape(_Shape):
    """Who publishes."""

    name: _Name
    home_tenant_id: _Guid


class AccessShape(_Shape):
    """What an offer needs in the customer's subscription."""

    key: _Key
    title: _Name
    way: AccessWay
    roles: list[_Name] = Field(min_length=1, max_length=20)
    reason: Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
    without: _Text = ""
    principal_id: _Guid | Annotated[str, StringConstraints(max_length=0)] = ""
    hours: int = Field(8, ge=1, le=24)
    plans: list[_Name] = Field([], max_length=100)


class OfferShape(_Shape):
    """One offer."""

    offer_id: _Name
    type: OfferType
    identity_owner: IdentityOwner
    description: _Text
    access: list[AccessShape] = Field([], max_length=50)


class RegistrationShape(_Shape):
    """One app registration."""

    key: _Key
    name: _Name
    app_id: _Guid
    tier: Tier
    home_tenant_id: _Guid
    audience: Audience
    credential: Credential
    accounts: list[_Name] = Field(min_length=1, max_length=20)
    is_locked: bool = False
    is_publisher_verified: bool = False
    delegated: list[_PermissionName] = Field([], max_length=400)
    application: list[_PermissionName] = Field([], max_length=400)
    inheritable: list[_PermissionName] = Field([], max_length=400)
    has_agent_user: bool = False


class PermissionShape(_Shape):
    """One permission that a feature asks for."""

    name: _PermissionName
    kind: Kind
    reason: _Text = ""


class FeatureShape(_Shape):
    """One feature."""

    key: _Key
    title: _Name
    registration: _Key
    acts: Acts
    consent: Consent
    offers: list[_Name] = Field([], max_length=100)
    plans: list[_Name] = Field([], max_length=100)
    is_required: bool = True
    operations: list[_Operation] = Field([], max_length=200)
    permissions: list[PermissionShape] = Field(min_length=1, max_length=200)
    without: _Text = ""


class DecisionShape(_Shape):
    """One recorded decision."""

    what: _Name
    name: _Name
    where: Annotated[str, StringConstraints(pattern="^(home|resource)$")]
    why: _Text


class PlanShape(_Shape):
    """A whole plan, as its file spells it."""

    version: int = Field(ge=1, le=100_000)
    dated_on: date
    publisher: PublisherShape
    offers: list[OfferShape] = Field(min_length=1, max_length=100)
    registrations: list[RegistrationShape] = Field(min_length=1, max_length=50)
    features: list[FeatureShape] = Field(min_length=1, max_length=300)
    decisions: list[DecisionShape] = Field([], max_length=300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read: a plan, or the faults that keep it from being one."""

    plan: ConsentPlan | None
    findings: Findings
    lines: dict[str, int] = field(default_factory=dict)

    def line_of(self, path: str | None) -> int | None:
        """Return the line of a path, or of the nearest part around it."""
        while path:
            if (line := self.lines.get(path)) is not None:
                return line
            path = path.rpartition("/")[0]
        return None


def read_plan(text: str, *, file: str | None = None) -> Reading:
    """Read a consent plan.

    Example:
        >>> reading = read_plan("consent_plan: {version: 1}")
        >>> reading.plan is None, {finding.code for finding in reading.findings}
        (True, {'consent.plan_malformed'})
    """
    document = read_document(text, _TEXT_FAULTS)
    lines = {_path(place): line for place, line in document.lines.items()}
    reading = Reading(plan=None, findings=Findings(), lines=lines)
    if document.findings:
        return replace(reading, findings=Findings.of(replace(each, file=file) for each in document.findings))
    if not isinstance(document.value, dict) or set(document.value) != {ROOT_KEY}:
        message = f"A plan is one mapping under {ROOT_KEY!r} and nothing beside it."
        return replace(reading, findings=Findings.of([PLAN_UNREADABLE.found(message, file=file)]))
    try:
        shape = PlanShape.model_validate(document.value[ROOT_KEY])
    except ValidationError as error:
        return replace(reading, findings=Findings.of(_faults(error, reading, file)))
    plan = _plan(shape)
    loose = [
        PLAN_MALFORMED.found(message, file=file, path=path, row=reading.line_of(path)) for path, message in _loose(plan)
    ]
    return replace(reading, plan=None if loose else plan, findings=Findings.of(loose))


def _path(place: Place) -> str:
    """Write a place as findings name it, without the root that every place has."""
    return "/".join(str(step) for step in place[1:])


def _faults(error: ValidationError, reading: Reading, file: str | None) -> list[Finding]:
    found = []
    for problem in error.errors(include_url=False, include_input=False, include_context=False)[:_MOST_FAULTS]:
        path = "/".join(str(step) for step in problem["loc"])
        found.append(
            PLAN_MALFORMED.found(f"{path}: {problem['msg']}.", file=file, path=path, row=reading.line_of(path))
        )
    return found


def _loose(plan: ConsentPlan) -> list[tuple[str, str]]:
    """Return what the plan names and does not hold, and what it holds twice, by path."""
    found = []
    for group, keys in (
        ("registrations", [each.key for each in plan.registrations]),
        ("features", [each.key for each in plan.features]),
        ("offers", [each.offer_id for each in plan.offers]),
    ):
        found += [(f"{group}/{n}", f"{key!r} stands there twice.") for n, key in enumerate(keys) if key in keys[:n]]
    taken = {each.key for each in plan.registrations} | {each.key for each in plan.features}
    for n, offer in enumerate(plan.offers):
        for m, access in enumerate(offer.access):
            if access.key in taken:
                found.append((f"offers/{n}/access/{m}", f"{access.key!r} stands there twice."))
            taken.add(access.key)
    offers = {offer.offer_id for offer in plan.offers}
    for n, feature in enumerate(plan.features):
        if plan.registration(feature.registration) is None:
            message = (
                f"The feature {feature.key!r} names the registration {feature.registration!r}, which is not there."
            )
            found.append((f"features/{n}/registration", message))
        found += [
            (f"features/{n}/offers", f"The feature {feature.key!r} names the offer {offer!r}, which is not there.")
            for offer in feature.offers
            if offer not in offers
        ]
    return found


def _plan(shape: PlanShape) -> ConsentPlan:
    return ConsentPlan(
        version=shape.version,
        dated_on=shape.dated_on,
        publisher=shape.publisher.name,
        home_tenant_id=shape.publisher.home_tenant_id,
        offers=tuple(_offer(each) for each in shape.offers),
        registrations=tuple(_registration(each) for each in shape.registrations),
        features=tuple(_feature(each) for each in shape.features),
        decisions=tuple(Decision(**each.model_dump()) for each in shape.decisions),
    )


def _offer(shape: OfferShape) -> Offer:
    return Offer(**shape.model_dump(exclude={"access"}), access=tuple(_access(each) for each in shape.access))


def _access(shape: AccessShape) -> Access:
    given = shape.model_dump()
    for name in ("roles", "plans"):
        given[name] = tuple(dict.fromkeys(given[name]))
    return Access(**given)


def _registration(shape: RegistrationShape) -> Registration:
    given = shape.model_dump()
    for name in ("accounts", "delegated", "application", "inheritable"):
        given[name] = tuple(dict.fromkeys(given[name]))
    return Registration(**given)


def _feature(shape: FeatureShape) -> Feature:
    given = shape.model_dump(exclude={"permissions"})
    for name in ("offers", "plans", "operations"):
        given[name] = tuple(given[name])
    permissions = tuple(Permission(**each.model_dump()) for each in shape.permissions)
    return Feature(**given, permissions=permissions)
