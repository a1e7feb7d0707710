"""How a value reads on a page.

One function each for amounts, for dates and instants, for the distance in time, for long ids and for states; separate,
so that the same value never reads differently on two pages. Pure: the present instant is handed in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from markupsafe import Markup

from fairkeeper.values.money import Money

NO_BREAK = "\N{NO-BREAK SPACE}"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SOON = timedelta(days=3)


class Tone(StrEnum):
    """How a state stands; each tone has its own shape, so that colour is never the only sign."""

    GOOD = "good"
    BUSY = "busy"
    CARE = "care"
    BAD = "bad"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateWord:
    """A state as it is shown: the word that API and CLI use too, and its tone."""

    word: str
    tone: Tone


_TONES: dict[Tone, tuple[str, ...]] = {
    Tone.GOOD: (
        *("subscribed", "succeeded", "success", "granted", "ready", "enabled", "applied", "active", "done", "verified"),
        *("allowed", "delivered", "accepted", "passed", "taken", "bought", "read", "left"),
        *("linked", "as_asked", "works", "present"),
    ),
    Tone.BUSY: (
        *("pending_fulfillment_start", "not_started", "in_progress", "requested", "running", "received", "checked"),
        *("now", "waiting", "unread", "open", "invited", "queued", "draining", "waiting_for_the_checkpoint"),
        *("submitting", "with_partner", "offered"),
        *("pending", "identified", "pending_admin", "granted_unverified", "unlinking", "heard", "deploying"),
        *("awaiting_blueprint", "creating", "not_yet"),
    ),
    Tone.CARE: (
        "suspended",
        "stale",
        "paused",
        "held",
        "to_remove",
        "not_witnessed",
        "expiring",
        "warning",
        "conflict",
        "partial",
        "drifted",
        "suspected_lost",
        "missing",
        "not_asked_for",
        "not_registered",
        "to_mend",
        "missed",
        "unclear",
        "foreign",
        "failing",
    ),
    Tone.BAD: ("failed", "failure", "blocked", "refused", "broken", "overdue", "error", "denied", "lost"),
    Tone.QUIET: (
        *("unsubscribed", "none", "revoked", "stopped", "erased", "retired", "expired", "removed", "next", "skipped"),
        *("note", "info", "closed", "ignored", "off", "not_needed", "kept", "behind", "draft", "ended", "withdrawn"),
        *("unlinked", "declined", "registered_only", "not_set", "unchecked", "observed"),
    ),
}
_TONE_OF = {name: tone for tone, names in _TONES.items() for name in names}


def state(value: str) -> StateWord:
    """Return how a state of a lifecycle is shown; a word that nobody knows asks for care and is shown as it came.

    Example:
        >>> state("PendingFulfillmentStart")
        StateWord(word='Pending fulfillment start', tone=<Tone.BUSY: 'busy'>)
        >>> state("Hibernated").tone.value
        'care'
    """
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_\s-]+", "_", str(value).strip()).lower().strip("_")
    shown = words.replace("_", " ")
    return StateWord(word=shown[:1].upper() + shown[1:], tone=_TONE_OF.get(words, Tone.CARE))


def amount(value: Money) -> str:
    """Write an exact amount in groups of three, with all decimals of its currency and its code.

    Example:
        >>> amount(Money.from_decimal_text("-1234567.5", "EUR")).replace(NO_BREAK, " ")
        '−1,234,567.50 EUR'
        >>> amount(Money.from_decimal_text("80000000", "JPY")).replace(NO_BREAK, " ")
        '80,000,000 JPY'
    """
    return f"{value.to_decimal():,f}".replace("-", "\N{MINUS SIGN}") + NO_BREAK + value.currency.code


def count(value: int, unit: str = "", plural: str = "") -> str:
    """Write a whole number in groups of three, with its unit if one is given (`plural` if adding an s is wrong).

    Example:
        >>> count(1284000), count(1, "entry", "entries").replace(NO_BREAK, " ")
        ('1,284,000', '1 entry')
    """
    number = f"{value:,}".replace("-", "\N{MINUS SIGN}")
    if not unit:
        return number
    return number + NO_BREAK + (unit if abs(value) == 1 else plural or f"{unit}s")


def when_text(value: date) -> str:
    """Write a day as `22 Nov 2026` and an instant as `22 Nov 2026, 08:30 UTC`.

    Raises:
        ValueError: The instant names no time zone.

    Example:
        >>> when_text(datetime(2026, 11, 22, 8, 30, tzinfo=UTC)).replace(NO_BREAK, " ")
        '22 Nov 2026, 08:30 UTC'
    """
    if not isinstance(value, datetime):
        return f"{value.day}{NO_BREAK}{_MONTHS[value.month - 1]}{NO_BREAK}{value.year}"
    instant = _aware(value)
    return f"{when_text(instant.date())}, {instant:%H:%M}{NO_BREAK}UTC"


def when(value: date) -> Markup:
    """Write a day or an instant for people, and for machines in its `datetime` attribute.

    Example:
        >>> print(when(date(2026, 11, 22)).replace(NO_BREAK, " "))
        <time datetime="2026-11-22">22 Nov 2026</time>
    """
    machine = f"{_aware(value):%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else value.isoformat()
    return Markup('<time datetime="{}">{}</time>').format(machine, when_text(value))


def day(value: datetime) -> date:
    """Return the UTC day of an instant, for the margin of a record that groups by day.

    Example:
        >>> day(datetime(2026, 11, 22, 23, 59, tzinfo=UTC))
        datetime.date(2026, 11, 22)
    """
    return _aware(value).date()


def clock_time(value: datetime) -> str:
    """Write the time of day of an instant whose day stands beside it.

    Example:
        >>> clock_time(datetime(2026, 11, 22, 8, 5, tzinfo=UTC))
        '08:05'
    """
    return f"{_aware(value):%H:%M}"


def relative(value: date, now: datetime) -> str:
    """Say how far a day or instant is from now, in the largest unit that still says it (never without the date itself).

    Example:
        >>> now = datetime(2026, 11, 22, 12, tzinfo=UTC)
        >>> relative(now + timedelta(days=3, hours=2), now), relative(now - timedelta(minutes=1), now)
        ('in 3 days', '1 minute ago')
        >>> relative(date(2026, 11, 23), now)
        'tomorrow'
    """
    if not isinstance(value, datetime):
        days = (value - _aware(now).date()).days
        near = {-1: "yesterday", 0: "today", 1: "tomorrow"}
        return near.get(days) or _distance(days * 86_400)
    return _distance(int((_aware(value) - _aware(now)).total_seconds()))


def due(due_at: datetime, now: datetime) -> str:
    """Say how much time a deadline leaves, or for how long it has been overdue.

    Example:
        >>> now = datetime(2026, 11, 22, 12, tzinfo=UTC)
        >>> due(now + timedelta(hours=18), now), due(now - timedelta(hours=3), now)
        ('in 18 hours', '3 hours overdue')
    """
    told = relative(_aware(due_at), now)
    return f"{told.removesuffix(' ago')} overdue" if told.endswith(" ago") else told


def urgency(due_at: datetime, now: datetime) -> Tone:
    """Return the tone of a deadline: bad once it has passed, care in its last three days, quiet before.

    Example:
        >>> now = datetime(2026, 11, 22, 12, tzinfo=UTC)
        >>> urgency(now + timedelta(hours=5), now).value
        'care'
    """
    left = _aware(due_at) - _aware(now)
    if left <= timedelta():
        return Tone.BAD
    return Tone.CARE if left <= _SOON else Tone.QUIET


def short_id(value: str) -> str:
    """Shorten a long id in the middle, keeping the prefix that says what it names.

    Example:
        >>> short_id("cus_01JD4Y7M2N8Q5R9S3T6V0WXYZ1"), short_id("fairmile-agent")
        ('cus_01JD…XYZ1', 'fairmile-agent')
    """
    return value if len(value) <= 16 else f"{value[:8]}…{value[-4:]}"


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"{value.isoformat()} names no time zone")
    return value.astimezone(UTC)


def _distance(seconds: int) -> str:
    size = abs(seconds)
    if size < 45:
        return "now" if seconds >= 0 else "just now"
    for unit, length, until in (
        ("minute", 60, 3_600),
        ("hour", 3_600, 48 * 3_600),
        ("day", 86_400, 60 * 86_400),
        ("month", 30 * 86_400, 730 * 86_400),
    ):
        if size < until:
            return _tell(max(1, size // length), unit, ahead=seconds > 0)
    return _tell(size // (365 * 86_400), "year", ahead=seconds > 0)


def _tell(number: int, unit: str, *, ahead: bool) -> str:
    text = f"{number} {unit}" if number == 1 else f"{number} {unit}s"
    return f"in {text}" if ahead else f"{text} ago"
