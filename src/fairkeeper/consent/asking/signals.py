"""What a refusal of Microsoft Entra says about consent, and whose fault it is.

Numbers are matched and never texts. Of all of them three can mean that a tenant took its consent back; the others are
about a person, a policy, or ourselves, and none of those is ever held against the customer.

Source: Microsoft Learn, "Microsoft Entra authentication and authorization error codes".
"""

from __future__ import annotations

from collections.abc import Iterable
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
    LOOP = "loop"
    UNKNOWN = "unknown"


_NUMBERS: Final = MappingProxyType(
    {
        Signal.OWN_CREDENTIAL: (7000215, 7000218, 7000222, 700027, 700024, 7000216, 50012),
        Signal.OWN_REGISTRATION: (90008, 50194, 50011, 650052, 650053, 650054, 650056, 650057, 9001023, 500011),
        Signal.APP_ABSENT: (700016,),
        Signal.APP_DISABLED: (7000112, 70001, 1000031),
        Signal.CONSENT_MISSING: (65001,),
        Signal.DECLINED: (65004,),
        Signal.NEEDS_ADMIN: (90094,),
        Signal.ASKED_ADMIN: (90095,),
        Signal.NOT_ASSIGNED: (50105,),
        Signal.INTERACTION_NEEDED: (53003, 530032, 50076, 50079, 50074, 9002341),
        Signal.WRONG_ACCOUNT: (50020, 50034, 500208),
        Signal.UNKNOWN_TENANT: (90002, 90038),
        Signal.TENANT_POLICY: (500021, 500022, 500212, 500213),
        Signal.SIGN_IN_AGAIN: (70008, 700082, 50173, 70043),
        Signal.LOOP: (50196,),
    }
)
SIGNAL_OF: Final = MappingProxyType({number: signal for signal, numbers in _NUMBERS.items() for number in numbers})
"""Every number that is understood."""

MISSES: Final = frozenset({Signal.CONSENT_MISSING, Signal.APP_ABSENT, Signal.APP_DISABLED})
"""What can mean that a tenant took its consent back, once it is seen again."""
OURS: Final = frozenset({Signal.OWN_CREDENTIAL, Signal.OWN_REGISTRATION, Signal.LOOP})
"""What only the publisher can mend; no customer is told of it, and no grant changes."""
GONE: Final = frozenset({Signal.APP_ABSENT, Signal.CONSENT_MISSING})
"""What says, after a revocation, that nothing is left of an application in the tenant."""

_WORDS: Final = MappingProxyType(
    {
        Signal.CONSENT_MISSING: "the tenant has not consented, or not any more",
        Signal.DECLINED: "the person declined",
        Signal.NEEDS_ADMIN: "an administrator has to approve it",
        Signal.ASKED_ADMIN: "an administrator was asked on Microsoft's page",
        Signal.APP_ABSENT: "the application is not present in the tenant",
        Signal.APP_DISABLED: "the application is disabled in the tenant",
        Signal.NOT_ASSIGNED: "the application is for assigned people only, and this person is not",
        Signal.INTERACTION_NEEDED: "a policy of the tenant wants the person to prove more",
        Signal.WRONG_ACCOUNT: "the account does not belong to this tenant",
        Signal.TENANT_POLICY: "a policy of the tenant blocks it",
        Signal.SIGN_IN_AGAIN: "the person has to sign in again",
        Signal.OWN_CREDENTIAL: "our own secret or certificate is refused",
        Signal.OWN_REGISTRATION: "our own app registration does not fit",
        Signal.UNKNOWN_TENANT: "there is no such tenant in this cloud",
        Signal.LOOP: "we asked too often",
        Signal.UNKNOWN: "Microsoft refused for a reason that is not understood here",
    }
)


def signal_of(numbers: Iterable[int]) -> Signal:
    """Return what an answer's numbers tell; our own faults first, so that a customer is never blamed for them.

    Example:
        >>> signal_of([50034, 7000222]).value, signal_of([]).value
        ('own_credential', 'unknown')
    """
    found = {SIGNAL_OF[number] for number in numbers if number in SIGNAL_OF}
    return next((signal for signal in _NUMBERS if signal in found), Signal.UNKNOWN)


def words_of(signal: Signal) -> str:
    """Return a signal in words, to stand in a sentence."""
    return _WORDS[signal]
