"""What a refusal of Microsoft Entra says about consent, and whose fault it is.

Numbers are matched and never texts. Of all of them three can mean that a tenant took its consent back; the others are
about a person, a policy, or ourselves, and none of those is ever held against the customer.

Source: Microsoft Learn, "Microsoft Entra authentication and authorization error codes".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Signal(StrEnum):
    """What a number tells."""

    CONSENT_MISSING = "consent_missing"
    DECLINED = "declined"
    NEEDS_ADMIN = "needs_admin"
    ASKED_ADMIN = "asked_admin"
    APP_ABSENT = "app_absent"
    APP_DISABLED = "app_disabled"
    NOT_ASSIGNED = "not_assigned"
    INTERACTION_NEEDED = "interaction_needed"
    WRONG_ACCOUNT = "wrong_account"
    TENANT_POLICY = "tenant_policy"
    SIGN_IN_AGAIN = "sign_in_again"
    OWN_CREDENTIAL = "own_credential"
    OWN_REGISTRATION = "own_registration"
    UNKNOWN_TENANT = "unknown_tenant"
    ACCESS_GONE = "access_gone"
    """Not a number of Microsoft Entra's, but what Azure Resource Manager, or silence, says of a deployment."""
    AGENT_ABSENT = "agent_absent"
    """Not a number either: nobody has placed an agent identity in the tenant, or it was removed."""
    LOOP = "loop"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What follows from a signal.

    Args:
        numbers: The AADSTS numbers that are it.
        words: To stand in a sentence.
        is_ours: Only the publisher can mend it; no customer is told of it, and no grant or link changes.
        misses: It can mean that a tenant took its consent back, once it is seen again.
        breaks: Seen again for our sign-in application, it means that trust in the tenant is broken.
        is_gone: After a revocation it says that nothing is left of an application in the tenant.
    """

    numbers: tuple[int, ...]
    words: str
    is_ours: bool = False
    misses: bool = False
    breaks: bool = False
    is_gone: bool = False


MEANINGS: Final[Mapping[Signal, Meaning]] = MappingProxyType(
    {
        Signal.OWN_CREDENTIAL: Meaning(
            numbers=(7000215, 7000218, 7000222, 700027, 700024, 7000216, 50012),
            words="our own secret or certificate is refused",
            is_ours=True,
        ),
        Signal.OWN_REGISTRATION: Meaning(
            numbers=(90008, 50194, 50011, 650052, 650053, 650054, 650056, 650057, 9001023, 500011),
            words="our own app registration does not fit",
            is_ours=True,
        ),
        Signal.APP_ABSENT: Meaning(
            numbers=(700016,),
            words="the application is not present in the tenant",
            misses=True,
            breaks=True,
            is_gone=True,
        ),
        Signal.APP_DISABLED: Meaning(
            numbers=(7000112, 70001, 1000031),
            words="the application is disabled in the tenant",
            misses=True,
            breaks=True,
        ),
        Signal.CONSENT_MISSING: Meaning(
            numbers=(65001,),
            words="the tenant has not consented, or not any more",
            misses=True,
            is_gone=True,
        ),
        Signal.DECLINED: Meaning(numbers=(65004,), words="the person declined"),
        Signal.NEEDS_ADMIN: Meaning(numbers=(90094,), words="an administrator has to approve it"),
        Signal.ASKED_ADMIN: Meaning(numbers=(90095,), words="an administrator was asked on Microsoft's page"),
        Signal.NOT_ASSIGNED: Meaning(
            numbers=(50105,), words="the application is for assigned people only, and this person is not"
        ),
        Signal.INTERACTION_NEEDED: Meaning(
            numbers=(53003, 530032, 50076, 50079, 50074, 9002341),
            words="a policy of the tenant wants the person to prove more",
        ),
        Signal.WRONG_ACCOUNT: Meaning(
            numbers=(50020, 50034, 500208), words="the account does not belong to this tenant"
        ),
        Signal.UNKNOWN_TENANT: Meaning(
            numbers=(90002, 90038), words="there is no such tenant in this cloud", breaks=True
        ),
        Signal.TENANT_POLICY: Meaning(
            numbers=(500021, 500022, 500212, 500213), words="a policy of the tenant blocks it"
        ),
        Signal.SIGN_IN_AGAIN: Meaning(numbers=(70008, 700082, 50173, 70043), words="the person has to sign in again"),
        Signal.ACCESS_GONE: Meaning(numbers=(), words="the deployment does not show it any more", misses=True),
        Signal.AGENT_ABSENT: Meaning(numbers=(), words="no agent identity stands for it in the tenant"),
        Signal.LOOP: Meaning(numbers=(50196,), words="we asked too often", is_ours=True),
        Signal.UNKNOWN: Meaning(numbers=(), words="Microsoft refused for a reason that is not understood here"),
    }
)
"""Every signal, our own faults first: where an answer has several numbers, the first that fits is what it tells."""

SIGNAL_OF: Final = MappingProxyType(
    {number: signal for signal, meaning in MEANINGS.items() for number in meaning.numbers}
)
"""Every number that is understood."""

MISSES: Final = frozenset(signal for signal, meaning in MEANINGS.items() if meaning.misses)
BREAKS: Final = frozenset(signal for signal, meaning in MEANINGS.items() if meaning.breaks)
OURS: Final = frozenset(signal for signal, meaning in MEANINGS.items() if meaning.is_ours)
GONE: Final = frozenset(signal for signal, meaning in MEANINGS.items() if meaning.is_gone)


def signal_of(numbers: Iterable[int]) -> Signal:
    """Return what an answer's numbers tell; our own faults first, so that a customer is never blamed for them.

    Example:
        >>> signal_of([50034, 7000222]).value, signal_of([]).value
        ('own_credential', 'unknown')
    """
    found = {SIGNAL_OF[number] for number in numbers if number in SIGNAL_OF}
    return next((signal for signal in MEANINGS if signal in found), Signal.UNKNOWN)


def words_of(signal: Signal) -> str:
    """Return a signal in words, to stand in a sentence."""
    return MEANINGS[signal].words
