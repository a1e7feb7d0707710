"""Who takes part: the customer, the resellers, the channel partner, and where they are.

Source: Microsoft Learn, "Private offers submission API" (beneficiaries), "ISV to customer private offers FAQ" (billing
account id), "Multiparty private offers" (one partner, its seller id, countries).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from fairkeeper.deals.assumptions import (
    MULTIPARTY_COUNTRIES,
    MULTIPARTY_COUNTRY_CODES,
    MULTIPARTY_NO_SERVICES,
    PARTNER_COUNTRIES,
    PARTNER_COUNTRY_CODES,
)
from fairkeeper.deals.checks.declaring import Basis, assumed, declare
from fairkeeper.deals.deal import Deal, DealKind, PricingKind
from fairkeeper.values.findings import Finding, Level

MOST_RESELLERS: Final = 150
_DIGITS: Final = re.compile(r"[0-9]{1,20}")
_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MCA: Final = re.compile(rf"{_GUID.pattern}:{_GUID.pattern}_[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}", re.IGNORECASE)

BENEFICIARY_MISSING: Final = declare(
    "beneficiary_missing",
    title="The offer names for whom it is",
    remedy="Ask the customer for its billing account id from the pre-check (aka.ms/poprecheck), or name the resellers.",
    resource="private-offer-pre-check",
    example="customer: {name: Contoso} without billing_account",
    level=Level.WARNING,
)
BENEFICIARY_UNEXPECTED: Final = declare(
    "beneficiary_unexpected",
    title="An offer is either for one customer or for CSP partners",
    remedy="Remove the customer from a CSP offer, or the resellers from any other.",
    resource="learn-private-offers",
    example="kind: customer, with resellers",
)
TOO_MANY_BENEFICIARIES: Final = declare(
    "too_many_beneficiaries",
    title="A CSP offer names at most 150 partners",
    remedy="Split the partners over two offers.",
    resource="learn-private-offers-api",
    example="resellers: 151 partners",
)
BILLING_ACCOUNT_INVALID: Final = declare(
    "billing_account_invalid",
    title="A billing account id is an enrolment number or the long id of a Microsoft Customer Agreement",
    remedy="A single GUID is a tenant id. Ask the customer for the billing account id from the pre-check.",
    resource="private-offer-pre-check",
    example="billing_account: 11111111-2222-3333-4444-555555555555",
)
COUNTRY_INVALID: Final = declare(
    "country_invalid",
    title="A country is a code of two capital letters",
    remedy="Use the code of ISO 3166, such as US.",
    resource="learn-availability-currencies",
    example="country: Germany",
)
COUNTRY_NOT_SUPPORTED: Final = declare(
    "country_not_supported",
    title="Multiparty offers and professional services are sold in some countries only",
    remedy="Make an offer to the customer directly, or check the present list and switch the assumption off.",
    resource="learn-multiparty-private-offers",
    example="kind: multiparty, customer in DE",
)
PARTNER_COUNTRY_NOT_SUPPORTED: Final = declare(
    "partner_country_not_supported",
    title="A channel partner has a tax profile in one of some countries",
    remedy="Ask the partner for an account there, or check the present list and switch the assumption off.",
    resource="learn-multiparty-private-offers",
    example="kind: multiparty, partner in DE",
)
PARTNER_MISSING: Final = declare(
    "partner_missing",
    title="A multiparty offer names its one channel partner",
    remedy="Add `partner` with name and Marketplace seller id.",
    resource="learn-multiparty-private-offers",
    example="kind: multiparty without partner",
)
PARTNER_UNEXPECTED: Final = declare(
    "partner_unexpected",
    title="Only a multiparty offer has a channel partner",
    remedy="Change the kind to multiparty, or remove the partner.",
    resource="learn-multiparty-private-offers",
    example="kind: customer, with partner",
)
SELLER_ID_INVALID: Final = declare(
    "seller_id_invalid",
    title="A Marketplace seller id is digits",
    remedy="Ask the partner for the seller id in its account settings, Identifiers, Publisher.",
    resource="learn-multiparty-private-offers",
    example="seller_id: adatum-sales",
)
KIND_NOT_SUPPORTED: Final = declare(
    "kind_not_supported",
    title="The kind of offer can hold what it sells",
    remedy="Make an offer to the customer directly.",
    resource="learn-multiparty-private-offers",
    example="kind: multiparty, pricing: professional_service",
)


def check_beneficiary(deal: Deal, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - every rule takes the same two
    """Find an offer for nobody, for the wrong sort of party, or for too many."""
    if deal.kind is DealKind.CSP:
        if deal.customer is not None:
            yield BENEFICIARY_UNEXPECTED.found("A CSP offer names a customer.", path="customer")
        if not deal.resellers:
            yield BENEFICIARY_MISSING.found("The CSP offer names no partner.", path="resellers")
        if len(deal.resellers) > MOST_RESELLERS:
            yield TOO_MANY_BENEFICIARIES.found(f"There are {len(deal.resellers)} partners.", path="resellers")
        return
    if deal.resellers:
        yield BENEFICIARY_UNEXPECTED.found("An offer to a customer names CSP partners.", path="resellers")
    if deal.customer is None or not deal.customer.billing_account:
        yield BENEFICIARY_MISSING.found("The customer's billing account is not known.", path="customer")


def check_billing_account(deal: Deal, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - as above
    """Find an id that is no billing account's, most often a tenant id."""
    if deal.customer is None or not (account := deal.customer.billing_account):
        return
    if not _DIGITS.fullmatch(account) and not _MCA.fullmatch(account):
        what = "looks like a tenant id" if _GUID.fullmatch(account) else "is no billing account id"
        yield BILLING_ACCOUNT_INVALID.found(f"{account[:90]!r} {what}.", path="customer/billing_account")


def check_countries(deal: Deal, basis: Basis) -> Iterator[Finding]:
    """Find countries that are no codes, and those in which such an offer is not sold."""
    places = {
        "customer/country": deal.customer.country if deal.customer else "",
        "partner/country": deal.partner.country if deal.partner else "",
    }
    for path, country in places.items():
        if country and not _is_country(country):
            yield COUNTRY_INVALID.found(f"{country[:40]!r} is not a country code.", path=path)
    country = places["partner/country"]
    if _is_country(country) and country not in PARTNER_COUNTRY_CODES and basis.assumptions.holds(PARTNER_COUNTRIES):
        message = f"A channel partner in {country} may not sell multiparty offers."
        yield assumed(PARTNER_COUNTRY_NOT_SUPPORTED, PARTNER_COUNTRIES, message, path="partner/country")
    country = places["customer/country"]
    is_limited = deal.kind is DealKind.MULTIPARTY or deal.pricing is PricingKind.PROFESSIONAL_SERVICE
    if not is_limited or not _is_country(country) or not basis.assumptions.holds(MULTIPARTY_COUNTRIES):
        return
    if country not in MULTIPARTY_COUNTRY_CODES:
        what = "Multiparty offers" if deal.kind is DealKind.MULTIPARTY else "Professional services"
        message = f"{what} are not sold to customers in {country}."
        yield assumed(COUNTRY_NOT_SUPPORTED, MULTIPARTY_COUNTRIES, message, path="customer/country")


def check_partner(deal: Deal, basis: Basis) -> Iterator[Finding]:
    """Find a channel partner that is missing, not expected, or wrongly named."""
    if deal.kind is not DealKind.MULTIPARTY:
        if deal.partner is not None:
            yield PARTNER_UNEXPECTED.found(f"An offer of kind {deal.kind} names a channel partner.", path="partner")
        return
    if deal.partner is None:
        yield PARTNER_MISSING.found("The multiparty offer names no channel partner.", path="kind")
    elif not _DIGITS.fullmatch(deal.partner.seller_id):
        message = f"{deal.partner.seller_id[:40]!r} is not a seller id."
        yield SELLER_ID_INVALID.found(message, path="partner/seller_id")
    if deal.pricing is PricingKind.PROFESSIONAL_SERVICE and basis.assumptions.holds(MULTIPARTY_NO_SERVICES):
        message = "Professional services are not sold in a multiparty offer."
        yield assumed(KIND_NOT_SUPPORTED, MULTIPARTY_NO_SERVICES, message, path="pricing")


def _is_country(text: str) -> bool:
    return len(text) == 2 and text.isascii() and text.isalpha() and text.isupper()
