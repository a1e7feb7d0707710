"""Accounts: a house with 200 people, 20 publishers and 500 plans, checked and drawn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import date

from bench.report import Report
from fairkeeper.accounts.actions.check_file import draw
from fairkeeper.accounts.checks.checking import check_structure
from fairkeeper.accounts.checks.declaring import Basis
from fairkeeper.accounts.files.reading import read_structure
from fairkeeper.accounts.files.writing import write_structure
from fairkeeper.accounts.structure.model import Structure

PEOPLE = 200
PUBLISHERS = 20
OFFERS = 5
PLANS = 5
ROUNDS = 15


def run(report: Report) -> None:
    """Measure one large house."""
    structure = large_structure()
    basis = Basis(as_of=date(2026, 11, 22))
    assert sum(len(offer.plans) for _, _, offer in structure.offers()) == 500
    assert not check_structure(structure, basis).has_errors
    conditions = f"median of {ROUNDS}; {PEOPLE} people, {PUBLISHERS} publishers, {PUBLISHERS * OFFERS * PLANS} plans"
    milliseconds = 1000 * _median(lambda: check_structure(structure, basis))
    report.at_most("checked", milliseconds, unit="ms", target=1_000, conditions=conditions)
    milliseconds = 1000 * _median(lambda: draw(structure, "fitting", None, is_alone=True))
    report.plain("drawn, folded to publishers", milliseconds, unit="ms", conditions=conditions)
    milliseconds = 1000 * _median(lambda: draw(structure, "plans", None, is_alone=True))
    report.plain("drawn whole", milliseconds, unit="ms", conditions=conditions)
    text = write_structure(structure)
    milliseconds = 1000 * _median(lambda: read_structure(text), rounds=3)
    report.plain("read from its file", milliseconds, unit="ms", conditions=f"{len(text) / 1e3:.0f} kB of YAML")


def large_structure(*, publishers: int = PUBLISHERS, offers: int = OFFERS, plans: int = PLANS) -> Structure:
    """Return a house of a size, with nothing wrong in it."""
    ids = [f"publisher-{number:02}" for number in range(1, publishers + 1)]
    people = [
        {
            "name": f"Person {number}",
            "email": f"person{number}@fairmile.example",
            "roles": ["Global admin", "Account admin"] if number < 3 else [],
            "publisher_roles": {each: ["Owner"] for each in ids}
            if number < 3
            else {ids[number % publishers]: ["Developer"]},
        }
        for number in range(1, PEOPLE + 1)
    ]
    apps = [f"0a000001-0000-4000-8000-{number:012}" for number in range(1, publishers + 1)]
    profile = {"state": "active", "valid_until": "2030-12-31"}
    return Structure.model_validate(
        {
            "company": "Fairmile Group",
            "country": "GB",
            "tenants": [{"id": "0b010001-0000-4000-8000-000000000001", "domains": ["fairmile.example"]}],
            "people": people,
            "global_account": {"partner_id": "4400100", "legal_name": "Fairmile Group"},
            "locations": [
                {"partner_id": f"44002{number:02}", "name": f"Division {number}", "serves": "division"}
                for number in range(1, publishers + 1)
            ],
            "publishers": [
                {
                    "id": publisher,
                    "name": f"Fairmile {publisher}",
                    "seller_id": f"7100{number:04}",
                    "location": f"44002{number:02}",
                    "verification": "Accepted",
                    "tax_profile": profile,
                    "payout_profile": profile,
                    "offers": [
                        {
                            "id": f"{publisher}-offer-{offer}",
                            "name": f"Offer {offer}",
                            "app_registration": apps[number - 1],
                            "plans": [
                                {
                                    "id": f"plan-{plan}",
                                    "name": f"Plan {plan}",
                                    "markets": ["GB", "IE", "DE", "FR", "US"],
                                }
                                for plan in range(1, plans + 1)
                            ],
                        }
                        for offer in range(1, offers + 1)
                    ],
                }
                for number, publisher in enumerate(ids, start=1)
            ],
            "app_registrations": [{"id": app, "publisher_domain": "fairmile.example"} for app in apps],
        }
    )


def _median(action: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the median seconds of an action."""
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        action()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)
