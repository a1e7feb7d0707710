"""Publishers: their ids, the location they hang on, their profiles and their verification.

Source: Microsoft Learn, "Manage your commercial marketplace account", Identifiers; "Set up your payout account and tax
forms" (profiles for each program and Seller ID; tax first; a bank account in the account's country); "Verification
responses" (nothing is published until it is done). Assumption: a publisher id is not longer than an offer's, 50
characters; its real limit was not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from fairkeeper.accounts.checks.declaring import Basis, declare
from fairkeeper.accounts.structure.model import Life, Profile, ProfileState, Publisher, Structure
from fairkeeper.values.findings import Finding, Level

LONGEST_NAME: Final = 50
_ID: Final = re.compile(r"[a-z0-9_-]{1,50}")
_VERIFIED: Final = frozenset({"accepted", "authorized"})

PUBLISHER_ID_INVALID: Final = declare(
    "publisher_id_invalid",
    title="A publisher id is lower-case letters, digits, hyphens and underscores",
    remedy="Choose another before it is created; afterwards it can neither be changed nor given again.",
    resource="learn-partner-center",
    example="id: Fairmile.Software",
)
PUBLISHER_ID_TWICE: Final = declare(
    "publisher_id_twice",
    title="Publisher ids and Seller IDs are unique",
    remedy="Compare with Account settings, Identifiers, Publisher; two entries were given one id.",
    resource="learn-partner-center",
    example='two publishers with seller_id: "71003344"',
)
SELLER_ID_MISSING: Final = declare(
    "seller_id_missing",
    title="Each publisher's Seller ID is known",
    remedy="Copy it from Account settings, Identifiers, Publisher; support asks for it first.",
    resource="learn-partner-center",
    example="a live publisher without seller_id",
    level=Level.WARNING,
)
PUBLISHER_NAME_TOO_LONG: Final = declare(
    "publisher_name_too_long",
    title="A publisher's display name has at most 50 characters",
    remedy="Shorten it.",
    resource="learn-partner-center",
    example="a display name of 51 characters",
)
PUBLISHER_ORPHAN: Final = declare(
    "publisher_orphan",
    title="Each publisher belongs to a location of the company",
    remedy="Find the account it was registered under. An orphan is tied to the company by support alone, and its "
    "payouts go to whoever it is registered for.",
    resource="blog-account-structure",
    example="a publisher whose location is none of the company's",
)
PUBLISHER_ON_GLOBAL_ACCOUNT: Final = declare(
    "publisher_on_global_account",
    title="A publisher is associated with a location, not with the global account",
    remedy="Associate it with a location before it is created: the associated PartnerID cannot be edited once set.",
    resource="blog-account-structure",
    example="location: the partner id of the global account",
)
PROFILE_MISSING: Final = declare(
    "profile_missing",
    title="A publisher that sells has an active tax and an active payment profile",
    remedy="Assign both in Payout and tax, for the publisher's Seller ID and program; an Owner or a Financial "
    "contributor can.",
    resource="learn-partner-center",
    example="payout_profile: {state: missing}",
)
PROFILE_EXPIRES: Final = declare(
    "profile_expires",
    title="Tax and payment profiles do not run out",
    remedy="Renew it in Payout and tax before that day; payments are held while it is not valid.",
    resource="learn-partner-center",
    example="tax_profile: {state: active, valid_until: next month}",
    level=Level.WARNING,
)
PAYOUT_BEFORE_TAX: Final = declare(
    "payout_before_tax",
    title="The tax profile comes first",
    remedy="Finish the tax profile; a payment profile without one pays nothing.",
    resource="learn-partner-center",
    example="tax_profile pending, payout_profile active",
)
PAYOUT_ELSEWHERE: Final = declare(
    "payout_elsewhere",
    title="The bank account is in the publisher's country",
    remedy="Use a bank account in the country of the account.",
    resource="learn-partner-center",
    example="publisher in GB, payout_profile in IE",
)
PUBLISHER_NOT_VERIFIED: Final = declare(
    "publisher_not_verified",
    title="The publisher's account is verified",
    remedy="Open Legal info, Developer, and follow Fix now; track it here with fairkeeper verification.",
    resource="learn-partner-center",
    example="verification: Rejected",
)


def check_ids(structure: Structure, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - every rule takes the two
    """Find ids that are none, that stand twice, or that nobody wrote down."""
    ids: set[str] = set()
    sellers: set[str] = set()
    for number, publisher in enumerate(structure.publishers):
        path = f"publishers/{number}"
        if not _ID.fullmatch(publisher.id):
            yield PUBLISHER_ID_INVALID.found(f"{publisher.id[:60]!r} is no publisher id.", path=f"{path}/id")
        if publisher.id in ids:
            yield PUBLISHER_ID_TWICE.found(f"The publisher id {publisher.id} stands twice.", path=f"{path}/id")
        ids.add(publisher.id)
        if publisher.seller_id is None:
            if publisher.life is not Life.PLANNED:
                message = f"The Seller ID of {publisher.id} is not stated."
                yield SELLER_ID_MISSING.found(message, path=path, subject=publisher.id)
        elif publisher.seller_id in sellers:
            message = f"The Seller ID {publisher.seller_id} is given for two publishers."
            yield PUBLISHER_ID_TWICE.found(message, path=f"{path}/seller_id", subject=publisher.id)
        sellers.add(publisher.seller_id or "")
        if len(publisher.name) > LONGEST_NAME:
            message = f"The name of {publisher.id} has {len(publisher.name)} characters."
            yield PUBLISHER_NAME_TOO_LONG.found(message, path=f"{path}/name", subject=publisher.id)


def check_place(structure: Structure, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - as above
    """Find publishers that hang on nothing, or on the global account."""
    locations = {location.partner_id for location in structure.locations}
    global_id = structure.global_account.partner_id if structure.global_account else None
    for number, publisher in enumerate(structure.publishers):
        path = f"publishers/{number}/location"
        if publisher.location is not None and publisher.location == global_id:
            if publisher.location not in locations:
                yield PUBLISHER_ON_GLOBAL_ACCOUNT.found(
                    f"{publisher.id} is associated with the global account {global_id}.",
                    path=path,
                    subject=publisher.id,
                )
        elif publisher.location not in locations and locations:
            told = (
                f"the PartnerID {publisher.location}, which is none of the company's" if publisher.location else "none"
            )
            yield PUBLISHER_ORPHAN.found(f"The location of {publisher.id} is {told}.", path=path, subject=publisher.id)


def check_profiles(structure: Structure, basis: Basis) -> Iterator[Finding]:
    """Find profiles that are missing, refused, running out, in the wrong order or in the wrong country."""
    for number, publisher in enumerate(structure.publishers):
        if publisher.life is Life.PLANNED:
            continue
        path, tax, payout = f"publishers/{number}", publisher.tax_profile, publisher.payout_profile
        if payout.state is ProfileState.ACTIVE and tax.state is not ProfileState.ACTIVE:
            message = f"The payment profile of {publisher.id} is active, its tax profile is {tax.state.value}."
            yield PAYOUT_BEFORE_TAX.found(message, path=f"{path}/tax_profile", subject=publisher.id)
        else:
            lacking = [name for name, each in _profiles(publisher) if each.state is not ProfileState.ACTIVE]
            if lacking and any(offer.life is Life.LIVE for offer in publisher.offers):
                states = ", ".join(f"{name} {_profile(publisher, name).state.value}" for name in lacking)
                yield PROFILE_MISSING.found(f"{publisher.id}: {states}.", path=path, subject=publisher.id)
        yield from _expiring(publisher, path, basis)
        if payout.country and publisher.country and payout.country != publisher.country:
            message = f"{publisher.id} is in {publisher.country}, its bank account in {payout.country}."
            yield PAYOUT_ELSEWHERE.found(message, path=f"{path}/payout_profile/country", subject=publisher.id)


def check_verification(structure: Structure, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - as above
    """Find publishers that may not publish."""
    for number, publisher in enumerate(structure.publishers):
        if publisher.life is not Life.PLANNED and publisher.verification.lower() not in _VERIFIED:
            yield PUBLISHER_NOT_VERIFIED.found(
                f"The verification of {publisher.id} is {publisher.verification}.",
                path=f"publishers/{number}",
                subject=publisher.id,
            )


def _expiring(publisher: Publisher, path: str, basis: Basis) -> Iterator[Finding]:
    for name, profile in _profiles(publisher):
        if profile.state is not ProfileState.ACTIVE or profile.valid_until is None:
            continue
        if profile.valid_until <= basis.as_of + timedelta(days=basis.ahead_days):
            is_over = profile.valid_until < basis.as_of
            message = f"The {name} of {publisher.id} {'ran' if is_over else 'runs'} out on {profile.valid_until}."
            yield PROFILE_EXPIRES.found(
                message,
                level=Level.ERROR if is_over else None,
                path=f"{path}/{name.replace(' ', '_')}",
                subject=publisher.id,
            )


def _profiles(publisher: Publisher) -> tuple[tuple[str, Profile], ...]:
    return ("tax profile", publisher.tax_profile), ("payout profile", publisher.payout_profile)


def _profile(publisher: Publisher, name: str) -> Profile:
    return publisher.tax_profile if name == "tax profile" else publisher.payout_profile
