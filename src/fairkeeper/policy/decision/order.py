"""The order in which a call is decided; the first thing that stands against it is the reason.

Authenticate, tenant match, containment, schema and arguments, forbids, information flow, limits, lane. Two steps,
because the last two need what is only known inside the recording transaction: `consider` asks everything that holds
while the epoch stays, `settle` adds limits and approvals. `decide` is both, for replay and for an agent's own side.

Whatever is not foreseen is a denial; nothing here catches an exception, whoever calls does, once, and denies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

import msgspec
from msgspec.structs import replace

from fairkeeper.policy.decision.arguments import (
    MOST_BYTES,
    NotExactError,
    canonical,
    exact,
    flatten,
)
from fairkeeper.policy.decision.compiled import Compiled, CompiledUse, binding_of
from fairkeeper.policy.decision.delegation import follow_delegation
from fairkeeper.policy.decision.facts import (
    PUBLISHER,
    ApprovalFacts,
    ApprovalState,
    Basis,
    Call,
    ContainmentFacts,
    ContainmentState,
    GrantFacts,
    Lane,
    LimitFacts,
    Meter,
    Moment,
    OwnerKind,
    Person,
    Reservation,
    Scope,
    UseFacts,
    Verdict,
)
from fairkeeper.policy.decision.labels import Labels, join
from fairkeeper.policy.decision.measuring import taken_before
from fairkeeper.policy.decision.profiles import PROFILES
from fairkeeper.policy.decision.reasons import Reason, Refused
from fairkeeper.policy.decision.response import Response
from fairkeeper.policy.decision.slices import Asked, PolicyAnswer
from fairkeeper.policy.decision.windows import window_key, worth

CALL_ACTIONS: Final = frozenset({"call", "tools/call"})
"""The names under which a tool is called: ours, and the Model Context Protocol's."""
SENSITIVE: Final = 2
"""Confidential and above tightens the response."""


class Considered(msgspec.Struct, frozen=True, kw_only=True):
    """A call after everything but limits and approvals.

    Attributes:
        verdict: Final where it is refused; otherwise what it will be unless limits or the lane refuse.
        takes: What it would take, by limit.
        needs_approval: Whether a person has to approve it.
        arguments: Their exact spelling, in canonical bytes; None where it came to no such thing.
    """

    verdict: Verdict
    takes: tuple[tuple[LimitFacts, int | None], ...] = ()
    needs_approval: bool = False
    arguments: bytes | None = None

    @property
    def is_open(self) -> bool:
        """Whether limits and lane are still to be asked."""
        return self.verdict.reason is Reason.PERMITTED

    @property
    def may_ask(self) -> bool:
        """Whether a person may have to approve it: anyway, or because a limit asks where it is reached."""
        return self.needs_approval or any(limit.asks for limit, _ in self.takes)


def decide(call: Call, compiled: Compiled, moment: Moment) -> Verdict:
    """Return the answer to a call."""
    return settle(call, compiled, consider(call, compiled, moment), moment)


def consider(call: Call, compiled: Compiled, moment: Moment) -> Considered:
    """Return everything about a call that limits and approvals do not decide."""
    known = _Known(labels=join(moment.task_labels, call.labels))
    try:
        amount, profile_asks = _ask_everything(call, compiled, moment, known)
    except Refused as refusal:
        return Considered(verdict=known.verdict(refusal.reason, refusal.detail), arguments=known.arguments)
    needs_approval = known.lane is Lane.APPROVAL or known.response is Response.REQUIRE_APPROVAL or profile_asks
    known.lane = Lane.APPROVAL if needs_approval else Lane.AUTOMATIC
    known.is_reviewed = _is_reviewed(known, moment.at)
    return Considered(
        verdict=known.verdict(Reason.PERMITTED),
        takes=tuple(_takes(call, compiled.basis, amount)),
        needs_approval=needs_approval,
        arguments=known.arguments,
    )


@dataclass(slots=True, kw_only=True)
class _Known:
    """What is known of the answer so far; it is told even where the call is refused."""

    labels: Labels
    arguments: bytes | None = None
    use: CompiledUse | None = None
    use_id: str | None = None
    binding: str = ""
    lane: Lane | None = None
    response: Response | None = None
    policies: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    is_reviewed: bool = False

    def verdict(self, reason: Reason, detail: str = "") -> Verdict:
        """Return the answer with a reason; it allows nothing yet."""
        return Verdict(
            allowed=False,
            reason=reason,
            lane=self.lane,
            response=self.response,
            detail=detail,
            policies=self.policies,
            use_id=self.use_id,
            binding_digest=self.binding,
            labels=self.labels,
            is_reviewed=self.is_reviewed,
            errors=self.errors,
        )


_Amount = tuple[int | None, str | None]


def _ask_everything(call: Call, compiled: Compiled, moment: Moment, known: _Known) -> tuple[_Amount, bool]:
    """Ask every step in its order; return what the call is worth, and whether a constraint asks for a person.

    Raises:
        Refused: At the first step that stands against it.
    """
    basis, labels = compiled.basis, known.labels
    _authenticate(call, basis)
    _match_tenant(call, basis, labels)
    if moment.standing:
        raise Refused(Reason.CUSTOMER_MAY_NOT_ACT, ", ".join(moment.standing))
    profile_asks = _contain(basis, moment.at)
    follow_delegation(call, basis, moment)
    known.use = use = _use(call, compiled)
    known.use_id = use.facts.id
    known.arguments = _check_arguments(call, compiled)
    known.binding = binding_of(call, compiled, use, sha256(known.arguments).hexdigest())
    grants = _check_data(call, compiled, use, moment.at)
    answer, amount = _ask_policies(call, compiled, moment, labels, use.facts)
    known.lane, known.policies, known.errors = answer.lane, answer.policies, answer.errors
    if answer.lane is Lane.NEVER:
        raise Refused(answer.reason, ", ".join(answer.policies))
    known.response = _response(compiled, labels, grants)
    if known.response is Response.BLOCK:
        known.lane = Lane.NEVER
        raise Refused(Reason.RESPONSE_BLOCKS)
    _check_flow(basis, labels)
    if answer.lane is Lane.NOT_PERMITTED:
        raise Refused(Reason.PERMIT_ENDED if _has_ended(basis, use.facts.id, moment.at) else Reason.NOT_PERMITTED)
    return amount, profile_asks


def settle(call: Call, compiled: Compiled, considered: Considered, moment: Moment) -> Verdict:
    """Return the answer, with limits and approvals as they stand inside the recording transaction."""
    verdict = considered.verdict
    if not considered.is_open:
        return verdict
    asking: list[str] = []
    try:
        reservations = tuple(_reserve(considered, moment, asking))
        if asking:
            considered = replace(considered, needs_approval=True)
            verdict = replace(verdict, lane=Lane.APPROVAL, detail="; ".join(asking))
        approval = _approve(call, compiled.basis, considered, moment)
    except Refused as refusal:
        return replace(verdict, reason=refusal.reason, detail=refusal.detail or verdict.detail, is_reviewed=False)
    return Verdict(  # written out, because `replace` takes three times as long
        allowed=True,
        reason=Reason.PERMITTED if approval is None else Reason.APPROVED,
        lane=verdict.lane,
        response=verdict.response,
        detail=verdict.detail,
        policies=verdict.policies,
        use_id=verdict.use_id,
        binding_digest=verdict.binding_digest,
        labels=verdict.labels,
        is_reviewed=verdict.is_reviewed,
        reservations=reservations,
        approval_id=None if approval is None else approval.id,
        errors=verdict.errors,
    )


# --- the steps, in their order


def _authenticate(call: Call, basis: Basis) -> None:
    if not call.caller.may_report:
        raise Refused(Reason.CALLER_MAY_NOT_ASK)
    if call.caller.customer_id is not None and call.caller.customer_id != basis.agent.customer_id:
        raise Refused(Reason.AGENT_UNKNOWN)  # another customer's agent does not exist for it
    if basis.agent.callers and call.caller.id not in basis.agent.callers:
        raise Refused(Reason.CALLER_IS_NOT_THE_AGENT)
    if call.action not in CALL_ACTIONS:
        raise Refused(Reason.ACTION_UNKNOWN, call.action)


def _match_tenant(call: Call, basis: Basis, labels: Labels) -> None:
    own = basis.agent.customer_id or PUBLISHER
    if basis.tool.customer_id is not None and basis.tool.customer_id != basis.agent.customer_id:
        raise Refused(Reason.TOOL_UNKNOWN)
    if call.customer_id is not None and call.customer_id != own:
        raise Refused(Reason.ANOTHER_CUSTOMER)
    for resource in call.resources:
        if resource.customer_id is not None and resource.customer_id != own:
            raise Refused(Reason.RESOURCE_OF_ANOTHER_CUSTOMER, f"{resource.type} {resource.id}")
    if labels.customers and labels.customers - {own}:
        raise Refused(Reason.LABELS_OF_ANOTHER_CUSTOMER)
    environment = basis.agent.environment
    if basis.tool.environment is not environment or call.environment not in (None, environment):
        raise Refused(Reason.WRONG_ENVIRONMENT, f"agent {basis.agent.environment}, tool {basis.tool.environment}")


_CONTAINED: Final = {
    Scope.EVERYTHING: Reason.EVERYTHING_CONTAINED,
    Scope.CUSTOMER: Reason.CUSTOMER_CONTAINED,
    Scope.AGENT: Reason.AGENT_CONTAINED,
    Scope.TOOL: Reason.TOOL_CONTAINED,
}


def _contain(basis: Basis, at: datetime) -> bool:
    """Refuse what is held; return whether a constraint asks for a person."""
    if not basis.containments:
        return False
    holding = [each for each in basis.containments if each.until_at is None or at < each.until_at]
    for scope in _CONTAINED:
        for each in holding:
            if each.scope is scope and each.state is not ContainmentState.CONSTRAINED:
                raise Refused(_CONTAINED[scope], _told(each))
    asks = False
    for each in holding:
        if each.state is ContainmentState.CONSTRAINED:
            profile = PROFILES.get(each.profile or "")
            if profile is None or basis.tool.effect not in profile.effects:
                raise Refused(Reason.OUTSIDE_PROFILE, _told(each))
            asks = asks or profile.needs_approval
    return asks


def _told(containment: ContainmentFacts) -> str:
    profile = f" {containment.profile}" if containment.profile else ""
    return f"{containment.state}{profile} by {containment.id}{' (drill)' if containment.is_drill else ''}"


def _use(call: Call, compiled: Compiled) -> CompiledUse:
    """Return the intended use: the one that the call names, or the only one that the tool is permitted for."""
    wanted = compiled.only_use if call.use_id is None else call.use_id
    use = compiled.uses.get(wanted or "")
    if use is None:
        raise Refused(Reason.USE_UNKNOWN)
    if use.facts.withdrawn_at is not None:
        raise Refused(Reason.USE_WITHDRAWN, use.facts.id)
    if not use.facts.is_approved:
        raise Refused(Reason.USE_NOT_APPROVED, use.facts.id)
    return use


def _check_arguments(call: Call, compiled: Compiled) -> bytes:
    """Return the exact spelling of the arguments, which fit the schema, in canonical bytes."""
    tool = compiled.basis.tool
    if tool.is_manifest_open or (call.manifest_digest is not None and call.manifest_digest != tool.manifest_digest):
        raise Refused(Reason.MANIFEST_CHANGED)
    try:
        spelled = canonical(exact(call.arguments))
    except NotExactError as problem:
        raise Refused(Reason.ARGUMENTS_NOT_EXACT, str(problem)) from None
    if len(spelled) > MOST_BYTES:
        raise Refused(Reason.ARGUMENTS_REFUSED, f"larger than {MOST_BYTES} bytes")
    problems = compiled.schema.problems(call.arguments)
    if problems:
        raise Refused(Reason.ARGUMENTS_REFUSED, "; ".join(problems[:5]))
    return spelled


def _check_data(call: Call, compiled: Compiled, use: CompiledUse, at: datetime) -> list[GrantFacts]:
    """Return the grants that the call rests on: one for each class of data that it reads or writes."""
    if call.resources:
        tool = compiled.basis.tool
        named = {each.data_class for each in call.resources if each.data_class is not None}
        unknown = named - {*tool.reads, *tool.writes}
        if unknown:
            raise Refused(Reason.DATA_NOT_GRANTED, f"the tool does not declare {', '.join(sorted(unknown))}")
    found = []
    for name, is_write, fitting in use.needed:
        if not fitting:
            raise Refused(Reason.DATA_NOT_GRANTED, f"{'write' if is_write else 'read'} {name}")
        for grant in fitting:
            if grant.revoked_at is None and at < grant.ends_at:
                found.append(grant)
                break
        else:
            raise Refused(Reason.GRANT_ENDED, name)
    return found


def _ask_policies(
    call: Call, compiled: Compiled, moment: Moment, labels: Labels, use: UseFacts
) -> tuple[PolicyAnswer, _Amount]:
    texts, numbers, fractions = flatten(call.arguments)
    for name in fractions:
        # Cedar has no fractions: a rule about this argument would be off, so the call is.
        if compiled.policies.mentions(name):
            raise Refused(Reason.ARGUMENTS_NOT_EXACT, f"{name} is a fraction, and a policy compares it")
    amount = worth(compiled.basis.tool, call.arguments)
    person = _person(call, moment)
    asked = Asked(
        use_id=use.id,
        texts=texts,
        numbers=numbers,
        labels=labels,
        at=moment.at,
        depth=max(0, len(moment.chain) - 1),
        person=None if person is None else person.id,
        task=call.task_id,
        amount=amount[0],
        currency=amount[1],
        usage=moment.usage,
    )
    return compiled.policies.lane(asked), amount


def _person(call: Call, moment: Moment) -> Person | None:
    return call.person or (moment.chain[0].person if moment.chain else None)


def _response(compiled: Compiled, labels: Labels, grants: list[GrantFacts]) -> Response:
    own = OwnerKind.PUBLISHER if compiled.basis.agent.customer_id is None else OwnerKind.CUSTOMER
    is_anothers, is_sensitive = False, labels.sensitivity >= SENSITIVE
    for grant in grants:
        is_anothers = is_anothers or grant.owner is not own
        is_sensitive = is_sensitive or grant.sensitivity >= SENSITIVE
    return compiled.responses[is_anothers, is_sensitive]


def _check_flow(basis: Basis, labels: Labels) -> None:
    if basis.tool.needs_trusted and not labels.is_trusted:
        raise Refused(Reason.FLOW_UNTRUSTED, ", ".join(sorted(labels.sources)[:5]))
    if labels.sensitivity > basis.tool.most_sensitive:
        raise Refused(Reason.FLOW_TOO_SENSITIVE, f"{labels.sensitivity} above {basis.tool.most_sensitive}")


def _has_ended(basis: Basis, use_id: str, at: datetime) -> bool:
    """Say whether a permit for this use was there and has ended."""
    return any(
        permit.use_id == use_id and permit.ends_at is not None and at >= permit.ends_at for permit in basis.permits
    )


def _is_reviewed(known: _Known, at: datetime) -> bool:
    """Say whether the call is looked at afterwards: always where the response asks, else by the permit's share.

    The draw is a digest of call and instant, so that a replay draws alike and nobody can choose it.
    """
    if known.response is Response.RECORD_FOR_REVIEW:
        return True
    percent = 0 if known.use is None else known.use.reviewed_percent
    if percent <= 0:
        return False
    draw = int.from_bytes(sha256(f"{known.binding}{at.isoformat()}".encode()).digest()[:4], "big") % 100
    return draw < percent


def _takes(call: Call, basis: Basis, amount: _Amount) -> Iterator[tuple[LimitFacts, int | None]]:
    for limit in basis.limits:
        if limit.meter is Meter.CALLS:
            yield limit, 1
        elif limit.meter is Meter.UNITS:
            yield limit, taken_before(basis.tool, limit.dimension, call.arguments)
        elif basis.tool.amount_argument is not None:
            # A limit of another currency cannot say whether this call is within it; so it is not.
            yield limit, amount[0] if amount[1] == limit.currency else None


def _reserve(considered: Considered, moment: Moment, asking: list[str]) -> Iterator[Reservation]:
    """Yield what a call takes; a reached limit that asks is put to `asking` instead of refusing."""
    for limit, taken in considered.takes:
        if taken is None:
            raise Refused(Reason.AMOUNT_UNKNOWN, limit.id)
        before = moment.used.get(limit.id, 0)
        # What a result will count is not known before; so a limit on units that is full lets nothing through.
        is_full = limit.meter is Meter.UNITS and before >= limit.maximum
        if is_full or before + taken > limit.maximum:
            told = f"{limit.id}: {before} + {taken} above {limit.maximum}"
            if not limit.asks:
                raise Refused(Reason.LIMIT_REACHED, told)
            asking.append(told)
        yield Reservation(
            limit_id=limit.id,
            window=window_key(limit.window, moment.at),
            taken=taken,
            before=before,
            after=before + taken,
        )


def _approve(call: Call, basis: Basis, considered: Considered, moment: Moment) -> ApprovalFacts | None:
    if not considered.needs_approval:
        return None
    approval = moment.approval
    if approval is None:
        raise Refused(Reason.APPROVAL_NEEDED if call.approval_id is None else Reason.APPROVAL_UNKNOWN)
    problem = _problem_of(approval, basis, considered, moment.at)
    if problem is not None:
        raise Refused(problem, approval.id)
    return approval


def _problem_of(approval: ApprovalFacts, basis: Basis, considered: Considered, at: datetime) -> Reason | None:
    if approval.state is ApprovalState.CONSUMED:
        return Reason.APPROVAL_CONSUMED
    if approval.binding_digest != considered.verdict.binding_digest:
        return Reason.APPROVAL_OF_ANOTHER_CALL
    if approval.state in {ApprovalState.DENIED, ApprovalState.CANCELLED}:
        return Reason.APPROVAL_DENIED
    if at >= approval.ends_at:
        return Reason.APPROVAL_ENDED
    if approval.bundle_digest != basis.bundle_digest:
        return Reason.APPROVAL_STALE
    return Reason.APPROVAL_PENDING if approval.state is ApprovalState.PENDING else None
