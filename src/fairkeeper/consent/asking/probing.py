"""What a token, or its refusal, proves about a grant: one failure is a suspicion, two far enough apart a loss.

Microsoft tells no publisher that a consent was taken back, so it has to be looked for; and it answers wrongly for a
while now and then, so that one answer takes nothing away. A fault of our own moves nothing at all.

Source: Microsoft Learn, "Microsoft Entra authentication and authorization error codes"; how far apart is our choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fairkeeper.consent.asking.signals import BREAKS, MISSES, OURS, Signal, words_of
from fairkeeper.consent.lifecycle import (
    HELD,
    PROBED_LINKS,
    GrantEvent,
    GrantState,
    LinkEvent,
    LinkState,
    can_move_grant,
)

CONFIRM_AFTER: Final = timedelta(hours=4)
"""How long after the first miss another one confirms a loss."""
PROBE_EVERY: Final = timedelta(hours=24)
_SOON: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is known of a grant before a probe.

    Args:
        wanted: Permissions that it is for.
        registered: Everything that its registration lists, which `.default` grants along.
        missed_at: When the first of the failures in a row was seen.
    """

    state: GrantState
    wanted: frozenset[str]
    registered: frozenset[str]
    missed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What follows from a probe.

    Args:
        event: What moves the grant; None if it stays where it is.
        note: Why, in words; empty if there is nothing to say.
        missed_at: When the failures in a row began; None after a success.
        is_ours: The fault is the publisher's.
    """

    event: GrantEvent | None
    note: str = ""
    missed_at: datetime | None = None
    is_ours: bool = False


def judge_token(held: Held, carried: frozenset[str]) -> Judgement:
    """Say what a token proves that carries these permissions.

    Example:
        >>> held = Held(state=GrantState.VERIFIED, wanted=frozenset({"Mail.Read", "Mail.Send"}), registered=frozenset())
        >>> judge_token(held, frozenset({"Mail.Read"}))
        Judgement(event=<GrantEvent.PROVE_CHANGED: 'prove_changed'>, note='no longer granted: Mail.Send', ...)
    """
    missing, extra = held.wanted - carried, carried - held.wanted - held.registered
    if not missing and not extra:
        return _moved(held, GrantEvent.PROVE_ALL, "")
    parts = []
    if missing:
        word = "no longer granted" if held.state in HELD - {GrantState.PARTIAL} else "not granted"
        parts.append(f"{word}: {', '.join(sorted(missing))}")
    if extra:
        parts.append(f"granted and not asked for: {', '.join(sorted(extra))}")
    had_more = held.state in HELD - {GrantState.PARTIAL}
    event = GrantEvent.PROVE_CHANGED if extra or had_more else GrantEvent.PROVE_SOME
    return _moved(held, event, "; ".join(parts))


def judge_refusal(held: Held, signal: Signal, now: datetime) -> Judgement:
    """Say what follows when no token was given, or one that carries nothing of what is wanted."""
    note = words_of(signal)
    if signal in OURS:
        return Judgement(event=None, note=note, missed_at=held.missed_at, is_ours=True)
    if signal not in MISSES:
        return Judgement(event=None, note=note, missed_at=held.missed_at)
    missed_at = held.missed_at or now
    if held.state is GrantState.GRANTED_UNVERIFIED:
        return _moved(held, GrantEvent.DISPROVE, note)
    if held.state is GrantState.SUSPECTED_LOST:
        is_confirmed = now - missed_at >= CONFIRM_AFTER
        event = GrantEvent.CONFIRM_LOSS if is_confirmed else None
        return Judgement(event=event, note=note, missed_at=missed_at)
    if held.state in HELD:
        return Judgement(event=GrantEvent.MISS, note=note, missed_at=now)
    return Judgement(event=None, note=note, missed_at=held.missed_at)


def next_probe_at(state: GrantState, now: datetime, missed_at: datetime | None = None) -> datetime | None:
    """Return when a grant is to be looked at again by itself; None for one that nobody has granted, or that ended."""
    if state is GrantState.SUSPECTED_LOST:
        confirmable_at = (missed_at or now) + CONFIRM_AFTER
        return confirmable_at if confirmable_at > now else now + _SOON
    if state in HELD:
        return now + PROBE_EVERY
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkJudgement:
    """What follows from a look for our sign-in application.

    Args:
        event: What moves the link; None if it stays where it is.
        note: Why, in words; empty if there is nothing to say.
        missed_at: When the failures in a row began; None after a success.
        is_ours: The fault is the publisher's.
    """

    event: LinkEvent | None
    note: str = ""
    missed_at: datetime | None = None
    is_ours: bool = False


def judge_link(state: LinkState, signal: Signal | None, missed_at: datetime | None, now: datetime) -> LinkJudgement:
    """Say what follows for trust when our sign-in application was looked for in the tenant.

    Args:
        state: Where the link stands.
        signal: What a refusal told; None where a token was given.
        missed_at: When the failures in a row began.
        now: When it was looked for.

    Example:
        >>> from datetime import UTC
        >>> noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
        >>> first = judge_link(LinkState.LINKED, Signal.APP_ABSENT, None, noon)
        >>> first.event, first.missed_at == noon
        (None, True)
        >>> judge_link(LinkState.LINKED, Signal.APP_ABSENT, noon, noon + CONFIRM_AFTER).event.value
        'break'
    """
    if signal is None:
        return LinkJudgement(event=LinkEvent.MEND if state is LinkState.BROKEN else None)
    note = words_of(signal)
    if signal in OURS:
        return LinkJudgement(event=None, note=note, missed_at=missed_at, is_ours=True)
    if signal not in BREAKS:
        return LinkJudgement(event=None, missed_at=missed_at)
    since = missed_at or now
    is_confirmed = state is not LinkState.BROKEN and now - since >= CONFIRM_AFTER
    return LinkJudgement(event=LinkEvent.BREAK if is_confirmed else None, note=note, missed_at=since)


def next_link_probe_at(state: LinkState, now: datetime, missed_at: datetime | None = None) -> datetime | None:
    """Return when our sign-in application is to be looked for again; None for a link that is not yet, or no longer."""
    if state not in PROBED_LINKS:
        return None
    if missed_at is not None and state is not LinkState.BROKEN:
        return max(missed_at + CONFIRM_AFTER, now + _SOON)
    return now + PROBE_EVERY


def _moved(held: Held, event: GrantEvent, note: str) -> Judgement:
    """Return the judgement, without the event where the grant stands there already."""
    return Judgement(event=event if can_move_grant(held.state, event) else None, note=note)
