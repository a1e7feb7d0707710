"""The response table, walked: every cell, every tightening, and that it only ever gets stricter."""

from __future__ import annotations

from itertools import product

import pytest

from fairkeeper.policy.decision.response import (
    BusinessImpact,
    Response,
    Reversibility,
    Severity,
    Tightening,
    response,
)

CELLS = list(product(Severity, Reversibility, BusinessImpact))
# severity, reversibility: the response at low, medium and high business impact
EXPECTED = """
low    reversible   allow allow review
low    costly       allow review review
low    irreversible review review approval
medium reversible   allow review review
medium costly       review review approval
medium irreversible review approval approval
high   reversible   review review approval
high   costly       review approval approval
high   irreversible approval approval block
"""
WORDS = {
    "allow": Response.ALLOW,
    "review": Response.RECORD_FOR_REVIEW,
    "approval": Response.REQUIRE_APPROVAL,
    "block": Response.BLOCK,
}


def test_every_cell_is_as_written_down() -> None:
    written = {}
    for line in EXPECTED.strip().splitlines():
        severity, reversibility, *cells = line.split()
        for impact, word in zip(BusinessImpact, cells, strict=True):
            written[Severity(severity), Reversibility(reversibility), impact] = WORDS[word]
    assert {cell: response(*cell) for cell in CELLS} == written


@pytest.mark.parametrize("cell", CELLS)
def test_each_circumstance_tightens_by_one_step(cell: tuple[Severity, Reversibility, BusinessImpact]) -> None:
    base = response(*cell)
    for count in range(4):
        tightened = response(*cell, frozenset(list(Tightening)[:count]))
        assert tightened == min(Response.BLOCK, base + count)


@pytest.mark.parametrize("cell", CELLS)
def test_what_is_graver_is_never_answered_more_mildly(cell: tuple[Severity, Reversibility, BusinessImpact]) -> None:
    severity, reversibility, impact = cell
    for graver in list(Severity)[list(Severity).index(severity) :]:
        assert response(graver, reversibility, impact) >= response(*cell)
    for harder in list(Reversibility)[list(Reversibility).index(reversibility) :]:
        assert response(severity, harder, impact) >= response(*cell)
    for wider in list(BusinessImpact)[list(BusinessImpact).index(impact) :]:
        assert response(severity, reversibility, wider) >= response(*cell)
