"""When a message may leave: quiet hours, the hour of the digest, when an unread one is told to somebody else.

Pure, so that the turn of the clocks, weekends and deadlines within the night can be tried by examples and properties.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fairkeeper.messages.errors import RuleRefusedError

_TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRule:
    """The publisher's rule for messages.

    Attributes:
        time_zone: In which the hours are meant, by its IANA name.
        quiet_from: Nothing leaves from this hour on; the same as `quiet_until` means that no hour is quiet.
        quiet_until: To this hour of the same or the next day.
        is_quiet_at_weekends: Whether Saturday and Sunday are quiet throughout.
        digest_at: When the daily digest leaves.
        escalate_after_hours: After which an urgent message that nobody read is told to somebody else.
        escalate_digest_after_hours: The same for one of the digest.
        escalate_to: The staff role that hears of it then.
    """

    time_zone: str = "UTC"
    quiet_from: time = time(20)
    quiet_until: time = time(7)
    is_quiet_at_weekends: bool = False
    digest_at: time = time(8)
    escalate_after_hours: int = 4
    escalate_digest_after_hours: int = 72
    escalate_to: str = "owner"

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return zone_of(self.time_zone)


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its name.

    Raises:
        RuleRefusedError: There is none of this name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise RuleRefusedError(f"There is no time zone {name[:60]!r}.") from error


def time_of(text: str) -> time:
    """Read a time of day.

    Raises:
        RuleRefusedError: It is none.

    Example:
        >>> time_of("07:30")
        datetime.time(7, 30)
    """
    found = _TIME.fullmatch(text)
    if found is None:
        raise RuleRefusedError(f"{text[:20]!r} is no time of day.")
    return time(int(found[1]), int(found[2]))


def leaves_at(now: datetime, rule: MessageRule, *, due_at: datetime | None = None) -> datetime:
    """Return when an urgent message leaves: now, or when the quiet hours end; at once if its deadline is before that.

    Example:
        >>> night = datetime(2026, 11, 22, 23, tzinfo=UTC)
        >>> leaves_at(night, MessageRule()).isoformat()
        '2026-11-23T07:00:00+00:00'
        >>> leaves_at(night, MessageRule(), due_at=datetime(2026, 11, 23, 6, tzinfo=UTC)) == night
        True
    """
    at = _after_quiet(now, rule)
    return now if due_at is not None and due_at <= at else at


def digest_leaves_at(now: datetime, rule: MessageRule) -> datetime:
    """Return when the next digest leaves, the quiet hours observed; at most a few days ahead.

    Example:
        >>> digest_leaves_at(datetime(2026, 11, 22, 8, tzinfo=UTC), MessageRule()).isoformat()
        '2026-11-23T08:00:00+00:00'
    """
    day = now.astimezone(rule.zone).date()
    at = _instant(day, rule.digest_at, rule)
    if at <= now:
        at = _instant(day + timedelta(days=1), rule.digest_at, rule)
    return _after_quiet(at, rule)


def _after_quiet(now: datetime, rule: MessageRule) -> datetime:
    """Return the first instant from now on that is not quiet."""
    at = now
    for _ in range(8):  # a night, a weekend and a night again; each step leaves one quiet stretch
        end = _end_of_quiet(at, rule)
        if end is None:
            return at
        at = end
    return at


def _end_of_quiet(at: datetime, rule: MessageRule) -> datetime | None:
    """Return when the quiet stretch that an instant lies in ends, or None if it lies in none."""
    local = at.astimezone(rule.zone)
    if rule.is_quiet_at_weekends and local.weekday() >= 5:
        return _instant(local.date() + timedelta(days=7 - local.weekday()), time(), rule)
    begins, ends = rule.quiet_from, rule.quiet_until
    if begins == ends:
        return None
    now = local.time()
    if begins < ends:
        return _instant(local.date(), ends, rule) if begins <= now < ends else None
    if now >= begins:
        return _instant(local.date() + timedelta(days=1), ends, rule)
    return _instant(local.date(), ends, rule) if now < ends else None


def _instant(day: date, at: time, rule: MessageRule) -> datetime:
    """Return a local time as an instant; one that the turn of the clocks leaves out is an hour later."""
    return datetime.combine(day, at, rule.zone).astimezone(UTC)
