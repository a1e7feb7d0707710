"""Currencies and how many decimals each has.

Separate from `money`, because this is a dated table that is corrected when a country or Microsoft changes something,
while the arithmetic never changes.

Source: ISO 4217, list one (codes and minor units), as known on 2026-11-22; codes withdrawn since 2023 stay where old
reports may still carry them. Source: Microsoft Learn, marketplace-geo-availability-currencies (May 2023), the sixteen
currencies of software offers; newer lists may be longer, so a currency outside the sixteen is no error here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from fairkeeper.values.errors import CurrencyUnknownError

CURRENCIES_DATED_ON: Final = date(2026, 11, 22)
"""When the table below was last compared with its sources."""


@dataclass(frozen=True, slots=True)
class Currency:
    """One currency of ISO 4217; get one with `currency("USD")`.

    Args:
        code: Three capital letters.
        exponent: Decimals of the minor unit: 0 (yen), 2 (cent) or 3 (fils).
    """

    code: str
    exponent: int

    @property
    def minor_per_major(self) -> int:
        """How many minor units make one major unit (100 for USD, 1 for JPY)."""
        return int(10**self.exponent)

    def __str__(self) -> str:
        """Return the code."""
        return self.code


_CODES_BY_EXPONENT: Final = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY "
        "COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HRK HTG HUF IDR "
        "ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN "
        "MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS "
        "SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
}

CURRENCIES: Final[Mapping[str, Currency]] = MappingProxyType(
    {
        code: Currency(code, exponent)
        for exponent, codes in sorted(_CODES_BY_EXPONENT.items())
        for code in sorted(codes.split())
    }
)
"""Every currency Fairkeeper can hold, by code."""

MARKETPLACE_CURRENCY_CODES: Final[tuple[str, ...]] = (
    "AUD", "BRL", "CAD", "CHF", "DKK", "EUR", "GBP", "INR", "JPY", "KRW", "NOK", "NZD", "RUB", "SEK", "TWD", "USD",
)  # fmt: skip
"""The sixteen in which Marketplace sold software offers in May 2023."""


def currency(code: str) -> Currency:
    """Return the currency of a code.

    Raises:
        CurrencyUnknownError: The table has no such code; lower case is another code.

    Example:
        >>> currency("JPY").exponent
        0
    """
    try:
        return CURRENCIES[code]
    except KeyError:
        message = f"No currency has the code {code!r}."
        raise CurrencyUnknownError(message) from None
