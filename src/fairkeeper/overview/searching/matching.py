"""What a search text may mean, and how well a name fits it; pure.

One text is read in every way that it can be meant: as words of a name, as an id or the beginning of one, as an amount
of money. Names are compared folded (case and accents away), so that nobody has to know how somebody writes Müller.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from fairkeeper.values.currencies import CURRENCIES

_SPACES: Final = " \t\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}\N{FIGURE SPACE}"
_ULID: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_OUR_ID: Final = re.compile(r"([a-z]{3})_([0-9A-Za-z]{0,26})")
_BARE_ULID: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{9,25}")
_SYMBOLS: Final = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW"}
_NOT_DECOMPOSED: Final = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "\N{LATIN SMALL LETTER DOTLESS I}": "i", "ð": "d", "þ": "th"}
)
_AMOUNT: Final = re.compile(r"[-+]?\d[\d.,' ]*")
_GROUPED: Final = re.compile(r"\d{1,3}(?:([ '.,])\d{3})(?:\1\d{3})*|\d{1,3}(?:([ ',])\d{2})*\2\d{3}")


def fold(text: str) -> str:
    """Return a text without case and accents, as names are compared.

    Example:
        >>> fold("MÜLLER & Søn"), fold("Straße")
        ('muller & son', 'strasse')
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    without = "".join(each for each in plain if not unicodedata.combining(each))
    return without.translate(_NOT_DECOMPOSED).casefold()


def words_of(text: str) -> tuple[str, ...]:
    """Return the folded words of a text: runs of letters and digits.

    Example:
        >>> words_of("Contoso, Ltd. (Zürich)"), words_of("__")
        (('contoso', 'ltd', 'zurich'), ())
    """
    return tuple(re.findall(r"[^\W_]+", fold(text)))


def rank_of(words: Sequence[str], name: str) -> int | None:
    """Return how well a name fits the words that are looked for: 0 is best, None is not at all.

    0: it is these words; 1: it begins with them; 2: each of them begins a word of it; 3: each stands somewhere in it.

    Example:
        >>> [rank_of(("desk",), name) for name in ("Desk", "Desk 2", "Help desk", "Front-desks", "Kiosk")]
        [0, 1, 2, 2, None]
        >>> rank_of((), "Desk") is None
        True
    """
    if not words:
        return None
    own = words_of(name)
    joined = " ".join(own)
    if not all(word in joined for word in words):
        return None
    if own == tuple(words):
        return 0
    if joined.startswith(" ".join(words)):
        return 1
    return 2 if all(any(each.startswith(word) for each in own) for word in words) else 3


# -------------------- ids


@dataclass(frozen=True, slots=True, kw_only=True)
class OurId:
    """The beginning of one of our ids, or a whole one.

    Attributes:
        prefix: The three letters that say what it names; empty where only the rest was given.
        first, last: The least and the greatest id that begin so, without the prefix; both are it if it is whole.
    """

    prefix: str
    first: str
    last: str

    def bounds(self, prefix: str) -> tuple[str, str]:
        """Return the least and the greatest id of a kind that begin so."""
        return f"{prefix}_{self.first}", f"{prefix}_{self.last}"


def our_id(text: str) -> OurId | None:
    """Return which of our ids a text can be the beginning of.

    Ids of one kind are of one length and alphabet, so that everything that begins alike lies between two ids, whatever
    order of letters a database keeps.

    Example:
        >>> found = our_id("cus_01kq")
        >>> found.prefix, found.bounds("cus")
        ('cus', ('cus_01KQ0000000000000000000000', 'cus_01KQZZZZZZZZZZZZZZZZZZZZZZ'))
        >>> our_id("contoso") is None
        True
    """
    text = text.strip()
    found = _OUR_ID.fullmatch(text[:4].lower() + text[4:])
    prefix, rest = (found[1], found[2]) if found else ("", text)
    if not found and not _BARE_ULID.fullmatch(text):
        return None
    rest = rest.upper()
    if any(letter not in _ULID for letter in rest):
        return None
    return OurId(prefix=prefix, first=rest.ljust(26, "0"), last=rest.ljust(26, "Z"))


def guid_bounds(text: str) -> tuple[str, str] | None:
    """Return the least and the greatest GUID that begin as a text does: in any case, in braces, with or without dashes.

    Example:
        >>> guid_bounds("{0A0B0C0D-1")
        ('0a0b0c0d-1000-0000-0000-000000000000', '0a0b0c0d-1fff-ffff-ffff-ffffffffffff')
        >>> guid_bounds("0a0b"), guid_bounds("0a0b0c0x")
        (None, None)
    """
    bare = text.strip().strip("{}()").lower().removeprefix("urn:uuid:")
    digits = bare.replace("-", "")
    if not re.fullmatch(r"[0-9a-f]{6,32}", digits) or not digits:
        return None
    whole = [digits.ljust(32, each) for each in "0f"]
    first, last = (f"{each[:8]}-{each[8:12]}-{each[12:16]}-{each[16:20]}-{each[20:]}" for each in whole)
    if "-" in bare and not first.startswith(bare):
        return None  # its dashes stand elsewhere: a phone number, a range
    return first, last


# -------------------- amounts


@dataclass(frozen=True, slots=True)
class SoughtAmount:
    """An amount that a text can mean.

    Args:
        value: Never negative: who looks for 500 also finds the credit of 500.
        currency: Its code; None finds any.
    """

    value: Decimal
    currency: str | None


def amounts_in(text: str) -> tuple[SoughtAmount, ...]:
    """Return the amounts that a text can mean: with or without currency, grouped or not, with a point or a comma.

    `1,234` is one thousand two hundred and thirty-four for some and a little more than one for others: both.

    Example:
        >>> [f"{each.value} {each.currency}" for each in amounts_in("$1,234.50")]
        ['1234.50 USD']
        >>> [str(each.value) for each in amounts_in("1.234")]
        ['1234', '1.234']
        >>> amounts_in("1,23,45"), amounts_in("Contoso 3")
        ((), ())
    """
    bare, code = _without_currency(text)
    is_bracketed = bare.startswith("(") and bare.endswith(")")
    bare = (
        (bare[1:-1] if is_bracketed else bare)
        .replace("\N{MINUS SIGN}", "-")
        .replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    )
    for space in _SPACES:
        bare = bare.replace(space, " ")
    bare = bare.strip()
    if not _AMOUNT.fullmatch(bare) or sum(each.isdecimal() for each in bare) > 18:
        return ()
    bare = bare.lstrip("+-").strip()
    return tuple(SoughtAmount(value, code) for value in _readings(bare))


def _without_currency(text: str) -> tuple[str, str | None]:
    bare = text.strip().strip(_SPACES)
    for symbol, code in _SYMBOLS.items():
        if symbol in bare:
            return bare.replace(symbol, "", 1).strip(), code
    for found in (re.match(r"([A-Za-z]{3})(?=[\s\d(+\-−])", bare), re.search(r"(?<=[\s\d)])([A-Za-z]{3})$", bare)):
        if found and found[1].upper() in CURRENCIES:
            return (bare[: found.start()] + bare[found.end() :]).strip(), found[1].upper()
    return bare, None


def _readings(bare: str) -> tuple[Decimal, ...]:
    """Return the values that a number can have, by where its separators stand."""
    found: list[Decimal] = []
    for point in (None, ".", ","):
        whole, _, part = (bare, "", "") if point is None else bare.rpartition(point)
        if point is not None and (not whole or not part.isdecimal()):
            continue
        if point is not None and point in whole:
            continue  # a separator that comes twice groups
        digits = _ungrouped(whole)
        if digits is not None:
            value = Decimal(f"{digits}.{part}" if part else digits)
            if value not in found:
                found.append(value)
    return tuple(found)


def _ungrouped(whole: str) -> str | None:
    """Return the digits of a whole number, if it is grouped by threes (or as in India) or not at all."""
    if whole.isdecimal():
        return whole
    return re.sub(r"\D", "", whole) if _GROUPED.fullmatch(whole) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """A search text, in every way that it can be meant."""

    text: str
    words: tuple[str, ...]
    ours: OurId | None
    guids: tuple[str, str] | None
    amounts: tuple[SoughtAmount, ...]


def read_search(text: str) -> Sought:
    """Read a search text.

    Example:
        >>> sought = read_search("  Contoso ")
        >>> sought.words, sought.ours, sought.guids, sought.amounts
        (('contoso',), None, None, ())
    """
    bare = text.strip()
    return Sought(text=bare, words=words_of(bare), ours=our_id(bare), guids=guid_bounds(bare), amounts=amounts_in(bare))
