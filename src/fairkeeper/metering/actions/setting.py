"""What the publisher sets: dimensions with their included quantities, the rules, managed applications, what was before.

Included quantities stand in Partner Center, and no API of the metering service states them; so they are set here once
for each plan, and a counter keeps the quantity it began with.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, command
from fairkeeper.customers.store import load_customer
from fairkeeper.metering.errors import EventRefusedError, ResourceUnknownError, RuleRefusedError, TermUnknownError
from fairkeeper.metering.evidence_kinds import (
    APPLICATION_ENDED,
    APPLICATION_REGISTERED,
    DIMENSION_SET,
    OPENING_SET,
    RULE_SET,
)
from fairkeeper.metering.rules.holding import Unattended
from fairkeeper.metering.rules.quantity import LARGEST_MILLI, parse_units, show_units
from fairkeeper.metering.rules.terms import ANNUAL, MONTHLY, counter_at, midnight
from fairkeeper.metering.store import RULE_ID, find_resource, follow, load_resource
from fairkeeper.metering.tables import (
    MeteredDimensionRow,
    MeteredResourceRow,
    MeteredTermRow,
    MeteringRuleRow,
    UsageCounterRow,
)
from fairkeeper.values.clock import format_instant
from fairkeeper.values.ids import new_id

WITHOUT_END = "infinite"


class SetDimension(OperationInput):
    """One dimension of one plan, as in Partner Center."""

    offer_id: str = Field(min_length=1, max_length=120, description="The offer's id.")
    plan_id: str = Field(min_length=1, max_length=120, description="The plan's id.")
    dimension: str = Field(min_length=1, max_length=120, description="The dimension's id.")
    title: str = Field(min_length=1, max_length=200, description="Its name.")
    unit: str = Field(min_length=1, max_length=80, description="Its unit of measure.")
    included_monthly: str = Field("0", max_length=24, description="Included a month: a number, or infinite.")
    included_annual: str = Field("0", max_length=24, description="Included a year: a number, or infinite.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DimensionSet:
    """The dimension; a quantity of None is without end."""

    offer_id: str
    plan_id: str
    dimension: str
    included_monthly: str | None
    included_annual: str | None


@command(
    "metering.set_dimension",
    groups=("metering.change",),
    evidence=(DIMENSION_SET,),
    http="POST /metered-dimensions",
    cli="metering set-dimension OFFER_ID PLAN_ID DIMENSION",
)
def set_dimension(context: CommandContext, request: SetDimension) -> Outcome[DimensionSet]:
    """Set a plan's dimension with its included quantities; counters that run keep what they began with."""
    monthly, annual = _included(request.included_monthly), _included(request.included_annual)
    key = (request.offer_id, request.plan_id, request.dimension)
    row = context.session.get(MeteredDimensionRow, key, with_for_update=True)
    values = (request.title, request.unit, monthly, annual)
    result = DimensionSet(
        offer_id=key[0],
        plan_id=key[1],
        dimension=key[2],
        included_monthly=None if monthly is None else show_units(monthly),
        included_annual=None if annual is None else show_units(annual),
    )
    if row is not None and (row.title, row.unit, row.monthly_milli, row.annual_milli) == values:
        return Outcome(result=result, entry=None)
    if row is None:
        row = MeteredDimensionRow(offer_id=key[0], plan_id=key[1], dimension=key[2])
        context.session.add(row)
    row.title, row.unit, row.monthly_milli, row.annual_milli = values
    row.set_at = context.now
    entry = EvidenceDraft(
        kind=DIMENSION_SET.name,
        subject_type="metered_dimension",
        subject_id="/".join(key)[:120],
        payload={
            "offer": key[0],
            "plan": key[1],
            "dimension": key[2],
            "unit": request.unit,
            "monthly": monthly,
            "annual": annual,
        },
    )
    return Outcome(result=result, entry=entry)


def _included(text: str) -> int | None:
    if text == WITHOUT_END:
        return None
    if text == "0":
        return 0
    try:
        milli = parse_units(text)
    except ValueError as error:
        raise RuleRefusedError(
            f"{text!r} is no included quantity.", remedy="0, a whole number, or infinite."
        ) from error
    if milli % 1000:
        raise RuleRefusedError(f"{text!r} is no whole number.", remedy="0, a whole number, or infinite.")
    return milli


class SetRule(OperationInput):
    """The publisher's rules for usage."""

    grace_minutes: int = Field(10, ge=0, le=600, description="How long an hour waits for late usage.")
    hold_factor: int = Field(10, ge=2, le=10_000, description="So many times the largest earlier hour is held.")
    hold_floor: int = Field(
        100, ge=0, le=LARGEST_MILLI // 1000, description="Hours below so many units are never held."
    )
    hold_hours_known: int = Field(12, ge=1, le=300, description="So many earlier hours are needed to compare with.")
    unattended: Unattended = Field(Unattended.SEND, description="A held hour nobody decides about: send or refuse.")
    decide_before_minutes: int = Field(120, ge=15, le=1200, description="How long before it expires that is done.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """The rules in force."""

    grace_minutes: int
    hold_factor: int
    hold_floor: int
    hold_hours_known: int
    unattended: str
    decide_before_minutes: int


@command(
    "metering.set_rule",
    groups=("metering.change",),
    evidence=(RULE_SET,),
    http="POST /usage/rule",
    cli="metering set-rule",
)
def set_rule(context: CommandContext, request: SetRule) -> Outcome[RuleSet]:
    """Set how long hours wait, when one is held for a person, and what becomes of one that nobody decides about."""
    if request.grace_minutes + request.decide_before_minutes > 23 * 60:
        raise RuleRefusedError(
            "An hour would have to be decided about before it is closed.", remedy="Leave at least an hour between both."
        )
    kept = {
        "grace_minutes": request.grace_minutes,
        "hold_factor": request.hold_factor,
        "hold_floor_milli": request.hold_floor * 1000,
        "hold_hours_known": request.hold_hours_known,
        "unattended": request.unattended.value,
        "decide_before_minutes": request.decide_before_minutes,
    }
    row = context.session.get(MeteringRuleRow, RULE_ID, with_for_update=True)
    result = RuleSet(**{**request.model_dump(), "unattended": request.unattended.value})
    if row is not None and row.rule == kept:
        return Outcome(result=result, entry=None)
    if row is None:
        context.session.add(MeteringRuleRow(id=RULE_ID, rule=kept, changed_at=context.now))
    else:
        row.rule, row.changed_at = kept, context.now
    entry = EvidenceDraft(kind=RULE_SET.name, subject_type="metering_rule", subject_id="rule", payload=kept)
    return Outcome(result=result, entry=entry)


class RegisterApplication(OperationInput):
    """A managed application of a customer's."""

    customer_id: str = Field(max_length=80, description="The customer's id.")
    resource_uri: str = Field(
        min_length=10,
        max_length=1000,
        pattern=r"^/subscriptions/[^/\s]+/.+",
        description="Its resource URI at Azure, /subscriptions/….",
    )
    offer_id: str = Field(min_length=1, max_length=120, description="The offer's id.")
    plan_id: str = Field(min_length=1, max_length=120, description="The plan's id.")
    began_on: date = Field(description="The first day of its term.")
    is_annual: bool = Field(False, description="Whether included quantities are annual.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRegistered:
    """The managed application as a metered resource."""

    resource_id: str
    resource_uri: str


@command(
    "metering.register_application",
    groups=("metering.change",),
    evidence=(APPLICATION_REGISTERED,),
    http="POST /managed-applications",
    cli="metering register-application CUSTOMER_ID RESOURCE_URI OFFER_ID PLAN_ID BEGAN_ON",
)
def register_application(context: CommandContext, request: RegisterApplication) -> Outcome[ApplicationRegistered]:
    """Meter a managed application, which Microsoft knows by its resource URI and not by a subscription.

    Register it again with another plan to change that from now on.
    """
    customer = load_customer(context.session, request.customer_id)
    known = context.session.scalars(
        select(MeteredResourceRow).where(MeteredResourceRow.resource_uri == request.resource_uri).with_for_update()
    ).first()
    if known is not None and known.customer_id != customer.customer_id:
        raise RuleRefusedError("The resource URI belongs to another customer.", remedy="Compare it with Azure.")
    months = ANNUAL if request.is_annual else MONTHLY
    if known is None:
        known = MeteredResourceRow(
            resource_id=new_id("app"),
            customer_id=customer.customer_id,
            resource_uri=request.resource_uri,
            offer_id=request.offer_id,
            last_number=0,
            created_at=context.now,
        )
        context.session.add(known)
        context.session.flush()
        since_at = midnight(request.began_on)
    else:
        terms = follow(context.session, known, now=context.now)
        if terms and (terms[-1].plan_id, terms[-1].anchor_on, terms[-1].months) == (
            request.plan_id,
            request.began_on,
            months,
        ):
            result = ApplicationRegistered(resource_id=known.resource_id, resource_uri=request.resource_uri)
            return Outcome(result=result, entry=None)
        since_at = context.now
    context.session.add(
        MeteredTermRow(
            resource_id=known.resource_id,
            customer_id=known.customer_id,
            since_at=since_at,
            plan_id=request.plan_id,
            anchor_on=request.began_on,
            months=months,
        )
    )
    entry = EvidenceDraft(
        kind=APPLICATION_REGISTERED.name,
        subject_type="metered_resource",
        subject_id=known.resource_id,
        customer_id=known.customer_id,
        payload={"resource_uri": request.resource_uri, "offer": request.offer_id, "plan": request.plan_id},
    )
    return Outcome(
        result=ApplicationRegistered(resource_id=known.resource_id, resource_uri=request.resource_uri), entry=entry
    )


class EndApplication(OperationInput):
    """Which managed application."""

    resource_id: str = Field(max_length=64, description="Its id here, app_….")


@command(
    "metering.end_application",
    groups=("metering.change",),
    evidence=(APPLICATION_ENDED,),
    http="POST /managed-applications/{resource_id}/end",
    cli="metering end-application RESOURCE_ID",
)
def end_application(context: CommandContext, request: EndApplication) -> Outcome[ApplicationRegistered]:
    """Stop metering a managed application; what was used before now is still reported."""
    row = find_resource(context.session, request.resource_id, for_change=True)
    if row is None or row.resource_uri is None:
        raise ResourceUnknownError(f"There is no managed application {request.resource_id!r} here.")
    result = ApplicationRegistered(resource_id=row.resource_id, resource_uri=row.resource_uri)
    if row.ended_at is not None:
        return Outcome(result=result, entry=None)
    row.ended_at = context.now
    entry = EvidenceDraft(
        kind=APPLICATION_ENDED.name,
        subject_type="metered_resource",
        subject_id=row.resource_id,
        customer_id=row.customer_id,
        payload={"resource_uri": row.resource_uri},
    )
    return Outcome(result=result, entry=entry)


class SetOpening(OperationInput):
    """What another system had counted before."""

    resource_id: str = Field(max_length=64, description="The subscription's GUID, or the managed application's id.")
    dimension: str = Field(min_length=1, max_length=120, description="The dimension's id.")
    quantity: str = Field(max_length=24, description="Units used in the running month or year so far.")
    at: datetime = Field(description="Up to when; names the month or year it belongs to.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningSet:
    """The counter that begins with it."""

    resource_id: str
    dimension: str
    used: str


@command(
    "metering.set_opening",
    groups=("metering.change",),
    evidence=(OPENING_SET,),
    http="POST /usage/openings",
    cli="metering set-opening RESOURCE_ID DIMENSION QUANTITY",
)
def set_opening(context: CommandContext, request: SetOpening) -> Outcome[OpeningSet]:
    """Say what was used of a counter before Fairkeeper counts it, when a subscription is taken over.

    Raises `metering.rule_refused` once something was counted: a counter begins once.
    """
    if request.at.tzinfo is None:
        raise EventRefusedError("The time names no time zone.")
    row = load_resource(context.session, request.resource_id, now=context.now)
    terms = follow(context.session, row, now=context.now)
    if not terms:
        raise TermUnknownError("The plan and term of the subscription are not known.")
    counter = counter_at(terms, request.at)
    stated = context.session.get(MeteredDimensionRow, (row.offer_id, counter.plan_id, request.dimension))
    if stated is None:
        raise RuleRefusedError(
            f"The plan {counter.plan_id} has no dimension {request.dimension!r} here.",
            remedy="Set the dimension first.",
        )
    key = (row.resource_id, request.dimension, counter.starts_at)
    if context.session.get(UsageCounterRow, key) is not None:
        raise RuleRefusedError("The counter has begun already.", remedy="Set it before the first hour is counted.")
    try:
        milli = parse_units(request.quantity)
    except ValueError as error:
        raise EventRefusedError(f"The quantity cannot be taken: {error}.") from error
    context.session.add(
        UsageCounterRow(
            resource_id=row.resource_id,
            customer_id=row.customer_id,
            dimension=request.dimension,
            starts_at=counter.starts_at,
            ends_at=counter.ends_at,
            plan_id=counter.plan_id,
            unit=stated.unit,
            included_milli=stated.annual_milli if counter.months == ANNUAL else stated.monthly_milli,
            used_milli=milli,
        )
    )
    entry = EvidenceDraft(
        kind=OPENING_SET.name,
        subject_type="metered_resource",
        subject_id=row.resource_id,
        customer_id=row.customer_id,
        payload={
            "resource": row.resource_id,
            "dimension": request.dimension,
            "units": show_units(milli),
            "milli": milli,
            "from": format_instant(counter.starts_at),
        },
    )
    return Outcome(
        result=OpeningSet(resource_id=row.resource_id, dimension=request.dimension, used=show_units(milli)), entry=entry
    )
