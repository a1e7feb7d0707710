"""The way through Microsoft's consent pages: begun here, bound to one browser, tenant and application, used once.

What comes back is an address that anybody can write, so that it is believed only as far as it fits what was begun: the
state must be one of ours, from this browser, unused and in time; the tenant must be the one that was asked; an `error`
is read before anything else, because Microsoft says `admin_consent=True` beside it; and even then a grant is claimed,
and not verified.

Source: Microsoft Learn, "Admin consent on the Microsoft identity platform" (parameters, answers, and that the answer
must not be relied on); RFC 9700, sections 2.1 and 4.7.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from pydantic import Field

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    Operation,
    OperationInput,
    Outcome,
    internal_command,
)
from fairkeeper.consent.actions.connect import OnPage, load_page
from fairkeeper.consent.actions.probe import plan_probe
from fairkeeper.consent.asking.own_consent import own_consent_to
from fairkeeper.consent.asking.signals import Signal, signal_of, words_of
from fairkeeper.consent.asking.wanted import Wanted
from fairkeeper.consent.catalogue.held import catalogue_in
from fairkeeper.consent.catalogue.permissions import Kind
from fairkeeper.consent.errors import AnswerRefusedError, GrantNotFoundError
from fairkeeper.consent.evidence_kinds import ANSWER_REFUSED, ANSWER_TAKEN, DECLINED, HANDED_OVER, STARTED
from fairkeeper.consent.lifecycle import ENDED_LINKS, GrantEvent, GrantState, LinkState, can_move_grant
from fairkeeper.consent.plan.plan import Tier
from fairkeeper.consent.store import load_grant, load_link, present_grants, step_grant, wanted_of_row, what_of
from fairkeeper.consent.tables import GrantRow, LinkRow, StartRow
from fairkeeper.values.ids import new_ulid

START_LIFETIME: Final = timedelta(hours=1)
"""How long an administrator may read Microsoft's page before an answer counts."""


class Way(StrEnum):
    """Which of Microsoft's pages."""

    ADMIN = "admin"
    USER = "user"


class BeginConsent(OnPage):
    """What is begun, and what binds it."""

    grant_id: str = Field(max_length=40, description="The grant.")
    way: Way = Field(description="The administrator's page, or a person's own.")
    features: tuple[str, ...] = Field((), max_length=300, description="Keys of the features ticked; none is all.")
    state_digest: str = Field(min_length=64, max_length=64, description="SHA-256 of the state, in hexadecimal.")
    browser_digest: str = Field(min_length=64, max_length=64, description="SHA-256 of the browser's cookie.")
    sealed: str = Field("", max_length=4_000, description="Sealed: what is needed when the answer comes.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Where the browser goes, for which application.

    Attributes:
        scopes: What the request names; `.default` for application permissions, which exist in no other way.
        replaced: Permissions granted before that this request does not name, so that a new consent may take them away.
    """

    tenant_id: str
    app_id: str
    scopes: tuple[str, ...]
    replaced: tuple[str, ...]


@internal_command("consent.begin_consent", evidence=(STARTED,))
def begin_consent(context: CommandContext, request: BeginConsent) -> Outcome[Begun]:
    """Begin a consent; the answer counts once, from this browser, within the hour."""
    page, link = load_page(context, request.page)
    row = next(
        (each for each in present_grants(context.session, link, for_change=True) if each.grant_id == request.grant_id),
        None,
    )
    wanted = wanted_of_row(link)
    if row is None or wanted is None or row.tier == Tier.AGENT.value:
        # An agent's consent has pages of its own, which lead back to nobody.
        msg = f"Nothing of the id {request.grant_id!r} is asked for on this page."
        raise GrantNotFoundError(msg)
    scopes, replaced = _asked_scopes(context, row, wanted, request)
    context.session.add(
        StartRow(
            state_digest=bytes.fromhex(request.state_digest),
            browser_digest=bytes.fromhex(request.browser_digest),
            customer_id=link.customer_id,
            link_id=link.link_id,
            connect_id=page.connect_id,
            grant_id=row.grant_id,
            tenant_id=link.tenant_id,
            app_id=row.app_id,
            way=request.way.value,
            features=list(request.features),
            sealed=request.sealed.encode() or None,
            started_at=context.now,
            expires_at=context.now + START_LIFETIME,
        )
    )
    entry = EvidenceDraft(
        kind=STARTED.name,
        subject_type="grant",
        subject_id=row.grant_id,
        customer_id=link.customer_id,
        payload={"what": what_of(row, wanted), "way": request.way.value, "scopes": list(scopes)},
    )
    result = Begun(tenant_id=link.tenant_id, app_id=row.app_id, scopes=scopes, replaced=replaced)
    return Outcome(result=result, entry=entry)


def _asked_scopes(
    context: CommandContext, row: GrantRow, wanted: Wanted, request: BeginConsent
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what the request names: of an administrator the union, of a person what they may allow for themselves."""
    if request.way is Way.ADMIN:
        return scopes_of(row, wanted, request.features)
    own = own_consent_to(wanted, row.registration, row.features, catalogue_in(context.session))
    if not own.is_open:
        msg = f"Nothing of the id {request.grant_id!r} can be allowed by one person for themselves."
        raise GrantNotFoundError(msg)
    return own.scopes, ()


def scopes_of(row: GrantRow, wanted: Wanted, features: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a request names, and what was granted before and is not in it.

    Always the union of what is wanted now and what the tenant granted of that: a consent may replace an earlier one.
    """
    if row.application:
        registration = wanted.registration(row.registration)
        listed = set() if registration is None else {*registration.application, *registration.delegated}
        return (".default",), tuple(sorted(set(row.carried) - listed))
    named = wanted.permissions(row.registration, Kind.DELEGATED, features or None)
    kept = [name for name in row.carried if name in row.delegated and name not in named]
    union = (*named, *kept)
    return union, tuple(sorted(set(row.carried) - set(union)))


class TakeAnswer(OperationInput):
    """What came back from Microsoft's page, as the browser brought it."""

    state_digest: str = Field(min_length=64, max_length=64, description="SHA-256 of the state, in hexadecimal.")
    browser_digest: str = Field(min_length=64, max_length=64, description="SHA-256 of the browser's cookie.")
    tenant_id: str = Field("", max_length=64, description="The tenant that the answer names.")
    error: str = Field("", max_length=200, description="OAuth's word for an error; empty if there is none.")
    numbers: tuple[int, ...] = Field((), max_length=20, description="AADSTS numbers of the error.")
    is_granted: bool = Field(False, description="Whether the answer says admin_consent=True.")
    has_code: bool = Field(False, description="Whether it carries the code of a person's own consent.")


class AnswerOutcome(StrEnum):
    """What an answer led to."""

    CLAIMED = "claimed"
    REDEEM = "redeem"
    """A person's code is to be redeemed; only that shows what they granted."""
    DECLINED = "declined"
    WAITS_FOR_ADMIN = "waits_for_admin"
    NOTHING = "nothing"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTaken:
    """What an answer led to, and on which page somebody goes on.

    Attributes:
        sealed: What was sealed at the beginning, for the one who began it.
    """

    outcome: AnswerOutcome
    message: str
    connect_id: str
    grant_id: str
    customer_id: str
    sealed: str
    tenant_id: str
    app_id: str


@internal_command("consent.take_answer", evidence=(ANSWER_TAKEN, ANSWER_REFUSED, DECLINED, HANDED_OVER))
def take_answer(context: CommandContext, request: TakeAnswer) -> Outcome[AnswerTaken]:
    """Take the answer of an administrator's consent; it is used up by this, whatever it says.

    An answer that belongs to nothing that was begun here, or to another browser, raises `consent.answer_refused` and
    changes nothing. One that was begun here and does not fit (another tenant, too late) is recorded as refused.
    """
    start = take_start(context, request.state_digest, request.browser_digest)
    row = load_grant(context.session, start.grant_id, for_change=True)
    link = load_link(context.session, start.customer_id, for_change=True)
    context.session.delete(start)
    trouble = _trouble(context, start, link, request)
    if trouble:
        entry = _entry(ANSWER_REFUSED.name, row, {"why": trouble, "grant_id": row.grant_id})
        return Outcome(result=_result(AnswerOutcome.REFUSED, trouble, start), entry=entry)
    what = what_of(row, wanted_of_row(link))
    if request.has_code and not request.error:
        return Outcome(result=_result(AnswerOutcome.REDEEM, "A person's code is being redeemed.", start), entry=None)
    if request.error:
        return refuse_grant(context, start, row, signal_of(request.numbers), what)
    return claim_grant(context, start, row, what)


def take_start(context: CommandContext, state_digest: str, browser_digest: str) -> StartRow:
    """Return the consent that an answer belongs to, locked; its caller uses it up.

    Raises:
        AnswerRefusedError: There is none of this state, or another browser began it.
    """
    start = context.session.get(StartRow, bytes.fromhex(state_digest), with_for_update=True)
    if start is None:
        raise AnswerRefusedError("No consent that was begun here belongs to this answer.")
    if not hmac.compare_digest(start.browser_digest, bytes.fromhex(browser_digest)):
        raise AnswerRefusedError("This consent was begun in another browser.")
    return start


def _trouble(context: CommandContext, start: StartRow, link: LinkRow, request: TakeAnswer) -> str:
    """Return why an answer does not fit what was begun; empty if it does."""
    if start.expires_at <= context.now:
        return "it took longer than an hour"
    if link.link_id != start.link_id or LinkState(link.state) in ENDED_LINKS:
        return "the link has ended"
    if request.tenant_id and request.tenant_id.lower() != start.tenant_id:
        return "it names another tenant than the one that was asked"
    if request.has_code is not (start.way == Way.USER) and not request.error:
        return "it answers another kind of request"
    if not request.has_code and not request.error and not (request.is_granted and request.tenant_id):
        return "it says neither that it is granted, nor why not"
    return ""


def refuse_grant(
    context: CommandContext, start: StartRow, row: GrantRow, signal: Signal, what: str
) -> Outcome[AnswerTaken]:
    """Follow an answer that says no: a decline, or that an administrator is needed."""
    event, kind, outcome = GrantEvent.DECLINE, DECLINED, AnswerOutcome.DECLINED
    if signal in {Signal.NEEDS_ADMIN, Signal.ASKED_ADMIN, Signal.CONSENT_MISSING}:
        event, kind, outcome = GrantEvent.HAND_OVER, HANDED_OVER, AnswerOutcome.WAITS_FOR_ADMIN
    message = f"Microsoft's page answered: {words_of(signal)}."
    if not can_move_grant(GrantState(row.state), event):
        return Outcome(result=_result(AnswerOutcome.NOTHING, message, start), entry=None)
    step_grant(row, event, now=context.now, note=f"on Microsoft's page: {words_of(signal)}")
    payload = {"what": what, "reason": f"on Microsoft's page, {words_of(signal)}", "grant_id": row.grant_id}
    return Outcome(result=_result(outcome, message, start), entry=_entry(kind.name, row, payload))


def claim_grant(context: CommandContext, start: StartRow, row: GrantRow, what: str) -> Outcome[AnswerTaken]:
    """Follow an answer that says yes: it is claimed, and a token has to prove it."""
    if can_move_grant(GrantState(row.state), GrantEvent.CLAIM):
        step_grant(row, GrantEvent.CLAIM, now=context.now)
    plan_probe(context, row, f"answer:{new_ulid()}")
    entry = _entry(ANSWER_TAKEN.name, row, {"what": what, "grant_id": row.grant_id})
    message = "Microsoft's page says that it is granted. A token is being asked for to prove it."
    return Outcome(result=_result(AnswerOutcome.CLAIMED, message, start), entry=entry)


def _result(outcome: AnswerOutcome, message: str, start: StartRow) -> AnswerTaken:
    return AnswerTaken(
        outcome=outcome,
        message=message,
        connect_id=start.connect_id,
        grant_id=start.grant_id,
        customer_id=start.customer_id,
        sealed="" if start.sealed is None else start.sealed.decode(),
        tenant_id=start.tenant_id,
        app_id=start.app_id,
    )


def _entry(kind: str, row: GrantRow, payload: dict[str, str]) -> EvidenceDraft:
    return EvidenceDraft(
        kind=kind, subject_type="grant", subject_id=row.grant_id, customer_id=row.customer_id, payload=payload
    )


OPERATIONS: tuple[Operation, ...] = (begin_consent, take_answer)
