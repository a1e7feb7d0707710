"""A figure is judged against its target in the right direction, and never loses its conditions."""

from __future__ import annotations

import pytest

from bench.report import Report


@pytest.mark.parametrize(("value", "verdict"), [(0.39, "missed"), (0.4, "met"), (0.5, "met")])
def test_a_figure_that_should_be_high(value: float, verdict: str) -> None:
    report = Report(subject="webhooks")
    report.at_least("ratio", value, unit="", target=0.4)
    assert report.figures[0].verdict == verdict


@pytest.mark.parametrize(("value", "verdict"), [(14.9, "met"), (15.0, "met"), (15.1, "missed")])
def test_a_figure_that_should_be_low(value: float, verdict: str) -> None:
    report = Report(subject="evidence")
    report.at_most("verify", value, unit="s", target=15)
    assert report.figures[0].verdict == verdict


def test_the_document_has_figures_notes_and_the_machine() -> None:
    report = Report(subject="evidence")
    report.plain("one row committed", 1200, unit="/s", conditions="SQLite")
    report.note("no PostgreSQL here")
    document = report.as_document()
    assert document["notes"] == ["evidence: no PostgreSQL here"]
    assert isinstance(document["conditions"], dict)
    assert document["conditions"]["processors"] >= 1
    (figure,) = document["figures"] if isinstance(document["figures"], list) else []
    assert (figure["name"], figure["conditions"], figure["verdict"]) == ("one row committed", "SQLite", "")
