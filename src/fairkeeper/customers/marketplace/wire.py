"""Reading Microsoft's JSON leniently: nothing here raises, what cannot be read becomes a finding.

Separate, because the same quirks run through subscriptions, operations, webhooks and plans: numbers as text, empty
text for absent, times in year 1 or without a zone, whitespace around words, fields nobody announced. Strict reading of
these answers has broken landing pages of other publishers whenever Microsoft added a value.

Source: Microsoft Learn, "Implementing a webhook on the SaaS service" (do not deserialize strictly, the schema may
grow); "SaaS fulfillment Subscription APIs v2". Quirks beyond them are as publishers report them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final, Generic, TypeVar

from fairkeeper.customers.finding_kinds import FIELD_UNREADABLE
from fairkeeper.values.findings import Finding, FindingKind, Findings

T = TypeVar("T")

_GUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_DIGITS: Final = re.compile(r"[0-9]{1,9}")
_QUANTITY_LIMIT: Final = 999_999_999
_SHOWN_CHARACTERS: Final = 60
# The first and the last year of the calendar are how services write "never"; deadlines could not be counted from them.
_NEVER_YEARS: Final = frozenset({1, 9999})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed(Generic[T]):
    """What could be read.

    Args:
        value: The result; None if it lacks what identifies it, in which case a finding of level error says so.
        findings: What could not be read, or was strange.
    """

    value: T | None
    findings: Findings = field(default_factory=Findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldReader:
    """Reads the fields of one JSON object and collects what it could not read.

    Args:
        raw: The object. Field names are matched exactly first, then without regard to case.
        subject: Id of the thing, for findings; "" while it is not known.
        path: Where the object stands in its document, with a trailing slash; "" for the document itself.
        found: The list that findings go to; children share their parent's.
    """

    raw: Mapping[str, object]
    subject: str = ""
    path: str = ""
    found: list[Finding] = field(default_factory=list)

    @property
    def findings(self) -> Findings:
        """What was found so far."""
        return Findings.of(self.found)

    def report(self, kind: FindingKind, name: str, message: str) -> None:
        """Add a finding about one field."""
        self.found.append(kind.found(message, path=f"{self.path}{name}", subject=self.subject or None))

    def value(self, name: str) -> object:
        """Return a field as it came, None if it is absent."""
        if name in self.raw:
            return self.raw[name]
        wanted = name.lower()
        return next((self.raw[key] for key in self.raw if key.lower() == wanted), None)

    def text(self, name: str) -> str | None:
        """Return a trimmed text; absent, null and empty are None. A number is taken as its digits."""
        value = self.value(name)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _QUANTITY_LIMIT:
            return str(value)
        if not isinstance(value, str):
            self._unreadable(name, value, "a text")
            return None
        return clean_text(value) or None

    def guid(self, name: str) -> str | None:
        """Return a GUID in lower case without braces; absent and empty are None."""
        text = self.text(name)
        if text is None:
            return None
        guid = read_guid(text)
        if guid is None:
            self._unreadable(name, text, "a GUID")
        return guid

    def quantity(self, name: str) -> int | None:
        """Return a number of seats; absent, null, "" and whitespace are None (a flat rate has none)."""
        value = self.value(name)
        if isinstance(value, str):
            value = value.strip() or None
        if value is None:
            return None
        number = _whole_number(value)
        if number is None:
            self._unreadable(name, value, f"a whole number from 0 to {_QUANTITY_LIMIT}")
        return number

    def flag(self, name: str) -> bool | None:
        """Return true or false, also when written as text; absent is None."""
        value = self.value(name)
        if value is None or isinstance(value, bool):
            return value
        known = {"true": True, "false": False, "": None}
        word = value.strip().lower() if isinstance(value, str) else "-"
        if word not in known:
            self._unreadable(name, value, "true or false")
            return None
        return known[word]

    def instant(self, name: str) -> datetime | None:
        """Return an aware UTC instant; absent, empty and the years 1 and 9999 ("never") are None.

        A time without a zone is UTC: the documentation gives all of them in UTC.
        """
        text = self.text(name)
        if text is None:
            return None
        try:
            read = datetime.fromisoformat(text)
        except ValueError:
            self._unreadable(name, text, "an ISO 8601 time")
            return None
        if read.year in _NEVER_YEARS:
            return None
        # No zone can carry an instant of the years between past the ends of the calendar.
        return (read if read.tzinfo is not None else read.replace(tzinfo=UTC)).astimezone(UTC)

    def day(self, name: str) -> date | None:
        """Return the UTC date of an instant or date; absent, empty and "never" are None."""
        instant = self.instant(name)
        return None if instant is None else instant.date()

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of trimmed texts; absent is empty, and what is no text is left out with a finding."""
        value = self.value(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            self._unreadable(name, value, "a list of texts")
            return ()
        for item in value:
            if not isinstance(item, str):
                self._unreadable(name, item, "a text in this list")
        return tuple(text for item in value if isinstance(item, str) and (text := clean_text(item)))

    def child(self, name: str) -> FieldReader:
        """Return the reader of a nested object; an empty one if it is absent or no object."""
        value = self.value(name)
        if value is not None and not isinstance(value, Mapping):
            self._unreadable(name, value, "an object")
        return self._reader_of(value if isinstance(value, Mapping) else {}, name)

    def children(self, name: str) -> tuple[FieldReader, ...]:
        """Return the readers of a list of objects; what is no object is left out with a finding."""
        value = self.value(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            self._unreadable(name, value, "a list of objects")
            return ()
        for item in value:
            if not isinstance(item, Mapping):
                self._unreadable(name, item, "an object in this list")
        indexed = enumerate(value)
        return tuple(self._reader_of(item, f"{name}/{index}") for index, item in indexed if isinstance(item, Mapping))

    def _reader_of(self, raw: Mapping[str, object], name: str) -> FieldReader:
        return FieldReader(raw=raw, subject=self.subject, path=f"{self.path}{name}/", found=self.found)

    def _unreadable(self, name: str, value: object, wanted: str) -> None:
        shown = repr(value)[:_SHOWN_CHARACTERS] if isinstance(value, (str, int, float)) else type(value).__name__
        self.report(FIELD_UNREADABLE, name, f"{self.path}{name} is {shown} and not {wanted}.")


def read_guid(text: str) -> str | None:
    """Return a GUID in lower case without braces, or None if the text is none.

    Example:
        >>> read_guid("{A0000000-0000-4000-8000-00000000000F}")
        'a0000000-0000-4000-8000-00000000000f'
    """
    bare = text.strip().strip("{}").lower()
    return bare if _GUID.fullmatch(bare) else None


def clean_text(text: str) -> str:
    """Trim a text and replace what no database stores: NUL and lone surrogates.

    Example:
        >>> clean_text(" Subscribed ")
        'Subscribed'
    """
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8").strip()


def _whole_number(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    return value if isinstance(value, int) and 0 <= value <= _QUANTITY_LIMIT else None
