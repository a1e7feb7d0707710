"""Runs every rule over a structure."""

from __future__ import annotations

from typing import Final

from fairkeeper.accounts.checks import app_registrations, offers, partner_ids, people, publishers
from fairkeeper.accounts.checks.declaring import Basis, Rule
from fairkeeper.accounts.files.reading import Reading
from fairkeeper.accounts.structure.model import Structure
from fairkeeper.values.findings import Findings

RULES: Final[tuple[Rule, ...]] = (
    people.check_directory,
    people.check_owners,
    people.check_roles,
    people.check_accounts,
    partner_ids.check_tenants,
    partner_ids.check_partner_ids,
    partner_ids.check_locations,
    publishers.check_ids,
    publishers.check_place,
    publishers.check_profiles,
    publishers.check_verification,
    offers.check_offers,
    offers.check_plans,
    offers.check_permanence,
    app_registrations.check_sharing,
    app_registrations.check_hardening,
)
"""Every rule; each reads the whole structure."""


def check_structure(structure: Structure, basis: Basis) -> Findings:
    """Return everything that is wrong with a structure, as a person reads it."""
    return Findings.of(finding for rule in RULES for finding in rule(structure, basis)).sorted()


def check_reading(reading: Reading, basis: Basis, *, file: str | None = None) -> Findings:
    """Return the faults of a file, or what the rules find in the structure it holds, each with its line."""
    if reading.structure is None:
        return reading.findings.sorted()
    return reading.located(check_structure(reading.structure, basis), file).sorted()
