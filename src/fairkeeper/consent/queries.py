"""Questions to the room: tenants with their links and grants, what needs a person, the funnel, the connect page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import Field
from sqlalchemy import func, select

from fairkeeper.action.operation import SYSTEM_ONLY, Operation, OperationInput, QueryContext, query
from fairkeeper.consent.actions.ask import OneCustomer
from fairkeeper.consent.actions.start import scopes_of
from fairkeeper.consent.agents.showing import agents_shown
from fairkeeper.consent.asking.drift import DriftLine, Places, compare
from fairkeeper.consent.asking.needs import needs_of
from fairkeeper.consent.asking.own_consent import own_consent_to
from fairkeeper.consent.asking.wanted import Wanted, WantedFeature, WantedPermission
from fairkeeper.consent.catalogue.held import catalogue_in
from fairkeeper.consent.catalogue.permissions import Catalogue, Kind
from fairkeeper.consent.deployments.showing import codes_shown, deployments_shown
from fairkeeper.consent.errors import ConnectLinkRefusedError
from fairkeeper.consent.lifecycle import ENDED_LINKS, GrantState, LinkState
from fairkeeper.consent.plan.control import ACCESS_TIERS
from fairkeeper.consent.plan.plan import AccessWay, Tier
from fairkeeper.consent.ports import KnownCustomer, KnownCustomers
from fairkeeper.consent.store import find_link, grants_of, present_grants, wanted_of_row
from fairkeeper.consent.tables import ConnectRow, GrantRow, LinkRow, QuestionRow
from fairkeeper.consent.views import (
    AgentView,
    AskedApp,
    AskedFeature,
    AskedPermission,
    ConnectView,
    ConsentLine,
    ConsentLines,
    ConsentNeed,
    CustomerConsent,
    Funnel,
    GrantView,
    PageView,
    QuestionView,
    RemainingApp,
)
from fairkeeper.errors import NotFoundError
from fairkeeper.values.clock import parse_instant


class ListTenants(OperationInput):
    """Which tenants."""

    state: LinkState | None = Field(None, description="Only links in this state.")
    offset: int = Field(0, ge=0, le=1_000_000, description="How many to pass over.")
    limit: int = Field(50, ge=1, le=500, description="How many at most.")


class NoInput(OperationInput):
    """Nothing to say."""


@query("consent.list_tenants", groups=("consent.read",), http="GET /consent/tenants", cli="consent list")
def list_tenants(context: QueryContext, request: ListTenants) -> ConsentLines:
    """List the tenants with their present link and grants, the newest first; a customer's people see their own."""
    rows = _present_links(context, request.state)
    page = rows[request.offset : request.offset + request.limit]
    grants = grants_of(context.session, [row.link_id for row in page])
    names = context.ports.of(KnownCustomers).names(context.session, {row.customer_id for row in page})
    return ConsentLines(tenants=tuple(_line(row, grants[row.link_id], names) for row in page), total=len(rows))


@query(
    "consent.show_customer",
    groups=("consent.read",),
    http="GET /consent/customers/{customer}",
    cli="consent show CUSTOMER",
)
def show_customer(context: QueryContext, request: OneCustomer) -> CustomerConsent:
    """Show trust and grants of a customer: requested, registered, granted and effective permissions side by side."""
    customer = context.ports.of(KnownCustomers).find(context.session, request.customer)
    link = find_link(context.session, customer.customer_id)
    if link is None:
        return _without_link(customer)
    wanted = wanted_of_row(link)
    rows = present_grants(context.session, link)
    asked = {key for row in rows for key in row.features if row.state != GrantState.NOT_NEEDED.value}
    unasked = tuple(feature.title for feature in (wanted.features if wanted else ()) if feature.key not in asked)
    return CustomerConsent(
        customer_id=customer.customer_id,
        slug=customer.slug,
        name=customer.name,
        tenant_id=link.tenant_id,
        link_id=link.link_id,
        number=link.number,
        state=LinkState(link.state),
        since_at=link.since_at,
        note=link.note,
        purchaser_tenant_id=link.purchaser_tenant_id,
        sign_in_looked_for_at=link.probed_at,
        sign_in_missed_at=link.missed_at,
        plan_version=None if wanted is None else wanted.plan_version,
        grants=tuple(_grant(row, wanted) for row in rows),
        unasked=() if LinkState(link.state) in ENDED_LINKS else unasked,
        questions=_questions(context, link),
        pages=_pages(context, link),
        remaining=_remaining(link),
        deployments=deployments_shown(context, customer.customer_id),
        agents=agents_shown(context.session, link, wanted),
        codes=codes_shown(context, customer.customer_id),
        calling=tuple(offer_id for offer_id, _ in (wanted.calling if wanted else ())),
    )


@query("consent.list_needs", groups=("consent.read",), http="GET /consent/needs", cli="consent needs")
def list_needs(context: QueryContext, _request: NoInput) -> tuple[ConsentNeed, ...]:
    """List what needs a person: suspected and confirmed losses, drift, declines, open questions, our own faults."""
    links = _present_links(context, None)
    grants = grants_of(context.session, [row.link_id for row in links])
    names = context.ports.of(KnownCustomers).names(context.session, {row.customer_id for row in links})
    questions = Counter(context.session.scalars(select(QuestionRow.link_id).where(QuestionRow.answer.is_(None))))
    found = [
        need
        for row in links
        for need in needs_of(
            row, grants[row.link_id], names.get(row.customer_id), questions[row.link_id], now=context.now
        )
    ]
    return tuple(sorted(found, key=lambda need: (need.level != "error", -need.since_at.timestamp())))


@query("consent.show_funnel", groups=("consent.inspect",), http="GET /consent/funnel", cli="consent funnel")
def show_funnel(context: QueryContext, _request: NoInput) -> Funnel:
    """Count how far tenants came from trust to a verified grant, and tell why some declined."""
    links = _present_links(context, None)
    grants = [row for rows in grants_of(context.session, [link.link_id for link in links]).values() for row in rows]
    states = Counter(row.state for row in grants)
    opened = context.session.scalars(
        select(func.count(func.distinct(ConnectRow.link_id))).where(ConnectRow.opened > 0)
    ).one()
    declined = [row for row in grants if row.state == GrantState.DECLINED.value]
    return Funnel(
        links=len(links),
        linked=sum(link.state == LinkState.LINKED.value for link in links),
        asked=len({row.link_id for row in grants}),
        opened=opened,
        pending_admin=states[GrantState.PENDING_ADMIN.value],
        declined=len(declined),
        verified=states[GrantState.VERIFIED.value],
        lost=states[GrantState.REVOKED.value],
        reasons=tuple(
            row.note for row in sorted(declined, key=lambda row: row.since_at, reverse=True) if row.note is not None
        )[:50],
    )


class ShowQuestion(OperationInput):
    """Which question."""

    question_id: int = Field(ge=1, description="The question's number.")


@query(
    "consent.show_question",
    groups=("consent.read",),
    http="GET /consent/questions/{question_id}",
    cli="consent question QUESTION_ID",
)
def show_question(context: QueryContext, request: ShowQuestion) -> QuestionView:
    """Show one question that was asked on a connect page. Raises `consent.question_not_found`."""
    row = context.session.get(QuestionRow, request.question_id)
    if row is None:
        msg = f"There is no question {request.question_id} here."
        raise NotFoundError(msg, code="consent.question_not_found")
    return _question(row)


class ShowPage(OperationInput):
    """Which page, by its address or by its id."""

    page: str = Field("", max_length=64, description="SHA-256 of the page's token, in hexadecimal.")


@query("consent.show_page", groups=SYSTEM_ONLY, mcp=False)
def show_page(context: QueryContext, request: ShowPage) -> ConnectView:
    """Show the connect page to whoever has its address. Raises `consent.connect_link_refused`."""
    page = context.session.scalars(
        select(ConnectRow).where(ConnectRow.token_digest == bytes.fromhex(request.page))
    ).first()
    if page is None or page.revoked_at is not None or page.expires_at <= context.now:
        raise ConnectLinkRefusedError("There is no such page, or it is not good any more.")
    link = find_link(context.session, page.customer_id)
    wanted = None if link is None else wanted_of_row(link)
    if link is None or link.link_id != page.link_id or wanted is None or LinkState(link.state) in ENDED_LINKS:
        raise ConnectLinkRefusedError("The link that this page belongs to has ended.")
    customer = context.ports.of(KnownCustomers).find(context.session, page.customer_id)
    rows = [
        row
        for row in present_grants(context.session, link)
        if row.state != GrantState.NOT_NEEDED.value and row.tier not in ACCESS_TIERS
    ]
    facts = catalogue_in(context.session)
    agents = {each.registration: each for each in agents_shown(context.session, link, wanted)}
    return ConnectView(
        connect_id=page.connect_id,
        customer_name=customer.name,
        tenant_id=link.tenant_id,
        publisher=wanted.publisher,
        sign_in_name=None if wanted.sign_in is None else wanted.sign_in.name,
        sign_in_app_id=None if wanted.sign_in is None else wanted.sign_in.app_id,
        apps=tuple(_asked_app(row, wanted, facts, agents.get(row.registration)) for row in rows),
        questions=_questions(context, link),
        expires_at=page.expires_at,
    )


def _present_links(context: QueryContext, state: LinkState | None) -> list[LinkRow]:
    """Return each customer's newest link, the newest first."""
    newest: dict[str, LinkRow] = {}
    for row in context.session.scalars(select(LinkRow).order_by(LinkRow.customer_id, LinkRow.number)):
        newest[row.customer_id] = row
    rows = [row for row in newest.values() if state is None or row.state == state.value]
    return sorted(rows, key=lambda row: (row.created_at, row.link_id), reverse=True)


def _line(row: LinkRow, grants: list[GrantRow], names: Mapping[Any, tuple[str, str]]) -> ConsentLine:
    wanted = wanted_of_row(row)
    titles = {} if wanted is None else {each.key: each.name for each in wanted.registrations}
    titles |= {} if wanted is None else {each.key: each.title for each in wanted.access}
    slug, name = names.get(row.customer_id, (row.customer_id, row.customer_id))
    proved = [grant.proved_at for grant in grants if grant.proved_at is not None]
    return ConsentLine(
        customer_id=row.customer_id,
        slug=slug,
        name=name,
        tenant_id=row.tenant_id,
        state=LinkState(row.state),
        since_at=row.since_at,
        grants=tuple((titles.get(grant.registration, grant.registration), GrantState(grant.state)) for grant in grants),
        last_proved_at=max(proved, default=None),
    )


def _without_link(customer: KnownCustomer) -> CustomerConsent:
    return CustomerConsent(
        customer_id=customer.customer_id,
        slug=customer.slug,
        name=customer.name,
        tenant_id=customer.tenant_id,
        link_id=None,
        number=0,
        state=None,
        since_at=None,
        note=None,
        purchaser_tenant_id=None,
        sign_in_looked_for_at=None,
        sign_in_missed_at=None,
        plan_version=None,
        grants=(),
        unasked=(),
        questions=(),
        pages=(),
        remaining=(),
    )


def _grant(row: GrantRow, wanted: Wanted | None) -> GrantView:
    registration = None if wanted is None else wanted.registration(row.registration)
    return GrantView(
        grant_id=row.grant_id,
        registration=row.registration,
        name=_title(row, wanted) if registration is None else registration.name,
        app_id=row.app_id,
        tier=row.tier,
        state=GrantState(row.state),
        since_at=row.since_at,
        note=row.note,
        what=tuple(key if wanted is None else wanted.title_of(key) for key in row.features),
        plan_version=row.plan_version,
        asked_at=row.asked_at,
        asked_again=row.asked_again,
        proved_at=row.proved_at,
        probed_at=row.probed_at,
        probe_at=row.probe_at,
        own_fault=row.own_fault,
        lines=_drift(row, wanted),
        can_be_proved_by=_PROVED_BY.get(row.tier, "token"),
        deployment_id=row.deployment_id,
        until_at=row.until_at,
    )


_PROVED_BY: Final = {
    Tier.OPERATIONAL_DELEGATED.value: "sign_in",
    Tier.AGENT.value: "exchanged_token",
    AccessWay.STANDING.value: "reading",
    AccessWay.ELEVATED.value: "reading",
    AccessWay.OWN_IDENTITY.value: "call_home",
}


def _title(row: GrantRow, wanted: Wanted | None) -> str:
    return row.registration if wanted is None else wanted.title_of(row.registration)


def _drift(row: GrantRow, wanted: Wanted | None) -> tuple[DriftLine, ...]:
    registration = None if wanted is None else wanted.registration(row.registration)
    is_held = GrantState(row.state) not in {GrantState.REVOKED, GrantState.DECLINED}
    carried = frozenset(row.carried if is_held else ())
    is_live = GrantState(row.state) in {GrantState.VERIFIED, GrantState.PARTIAL, GrantState.DRIFTED}
    kind = Kind.APPLICATION if row.application else Kind.DELEGATED
    listed = () if registration is None else registration.application if row.application else registration.delegated
    places = Places(
        kind=kind,
        requested=frozenset(row.application or row.delegated),
        # Roles are not registered anywhere but in the offer's plan, which is where they are asked for.
        registered=frozenset(row.application if row.tier in ACCESS_TIERS else listed),
        granted=carried,
        effective=carried if is_live else frozenset(),
    )
    return compare(places, was_proved=row.proved_at is not None)


def _questions(context: QueryContext, link: LinkRow) -> tuple[QuestionView, ...]:
    rows = context.session.scalars(
        select(QuestionRow).where(QuestionRow.link_id == link.link_id).order_by(QuestionRow.id.desc()).limit(50)
    )
    return tuple(_question(row) for row in rows)


def _question(row: QuestionRow) -> QuestionView:
    return QuestionView(
        question_id=row.id,
        text=row.text,
        asked_at=row.asked_at,
        answer=row.answer,
        answered_at=row.answered_at,
    )


def _pages(context: QueryContext, link: LinkRow) -> tuple[PageView, ...]:
    rows = context.session.scalars(
        select(ConnectRow).where(ConnectRow.link_id == link.link_id).order_by(ConnectRow.made_at.desc()).limit(20)
    )
    return tuple(
        PageView(
            connect_id=row.connect_id,
            made_at=row.made_at,
            expires_at=row.expires_at,
            opened=row.opened,
            opened_at=row.opened_at,
            revoked_at=row.revoked_at,
        )
        for row in rows
    )


def _remaining(link: LinkRow) -> tuple[RemainingApp, ...]:
    def gone_at(thing: Mapping[str, Any]) -> datetime | None:
        return None if thing["gone_at"] is None else parse_instant(thing["gone_at"])

    things = link.remaining
    return tuple(
        RemainingApp(
            app_id=each["app_id"],
            name=each["name"],
            gone_at=gone_at(each),
            is_deployment=each.get("is_deployment", False),
            is_agent=bool(each.get("blueprint")),
        )
        for each in things
    )


def _asked_app(row: GrantRow, wanted: Wanted, facts: Catalogue, agent: AgentView | None) -> AskedApp:
    registration = wanted.registration(row.registration)
    features = tuple(each for each in wanted.features_of(row.registration) if each.key in row.features)
    _, replaced = scopes_of(row, wanted, ())
    own = own_consent_to(wanted, row.registration, row.features, facts)
    listed = () if registration is None else registration.application
    prompt = tuple(dict.fromkeys((*listed, *row.application))) if row.application else tuple(row.delegated)
    if row.tier == Tier.AGENT.value:
        # An agent identity asks by name for what it needs, and for nothing that its blueprint lists beside.
        prompt, replaced = (*row.application, *row.delegated), ()
    return AskedApp(
        grant_id=row.grant_id,
        name=row.registration if registration is None else registration.name,
        app_id=row.app_id,
        tier=row.tier,
        state=GrantState(row.state),
        note=row.note,
        is_publisher_verified=registration is not None and registration.is_publisher_verified,
        features=tuple(_asked_feature(each, facts) for each in features),
        prompt=prompt,
        replaced=replaced,
        needs_admin=any(each.needs_admin for each in features),
        own_features=own.features,
        own_blocked=own.blocked,
        agent=agent,
    )


def _asked_feature(feature: WantedFeature, facts: Catalogue) -> AskedFeature:
    return AskedFeature(
        key=feature.key,
        title=feature.title,
        acts=feature.acts,
        needs_admin=feature.needs_admin,
        is_required=feature.is_required,
        without=feature.without,
        permissions=tuple(_asked_permission(each, facts) for each in feature.permissions),
    )


def _asked_permission(permission: WantedPermission, facts: Catalogue) -> AskedPermission:
    fact, words = facts.fact(permission.name, permission.kind), facts.explanations.get(permission.name)
    return AskedPermission(
        name=permission.name,
        kind=permission.kind,
        reason=permission.reason,
        approver=facts.approver(permission.name, permission.kind),
        for_administrators=None if words is None else words.sentence(permission.kind, is_for_administrators=True),
        for_users=None if words is None else words.sentence(permission.kind, is_for_administrators=False),
        narrower=() if fact is None else fact.narrower,
        can_escalate=fact is not None and fact.can_escalate,
    )


OPERATIONS: tuple[Operation, ...] = (list_tenants, show_customer, list_needs, show_funnel, show_question, show_page)
