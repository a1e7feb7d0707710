"""The story of four customers, as the command a newcomer runs first; it needs nothing but the installed package."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.stories.demo_process import started

pytestmark = pytest.mark.slow


def test_the_story_walks_four_customers_and_verifies_the_log(tmp_path: Path) -> None:
    with started("demo", "--story", "--json", cwd=tmp_path) as process:
        out, errors = process.communicate(timeout=110)
    assert process.returncode == 0, out + errors
    (line,) = out.splitlines()
    document = json.loads(line)
    assert document["ok"] is True
    assert document["log"].keys() == {"size", "root", "verified"}
    assert document["log"]["verified"] is True
    assert len(bytes.fromhex(document["log"]["root"])) == 32
    steps = document["steps"]
    assert all(step.keys() == {"customer", "step", "state", "evidence_index"} for step in steps)
    assert list(dict.fromkeys(step["customer"] for step in steps)) == ["Contoso", "Fabrikam", "Northwind", "Adatum"]
    assert [step["state"] for step in steps if step["customer"] == "Adatum"] == [
        "Subscribed, ready",
        "Suspended, ready",
        "Subscribed, ready",
        "Unsubscribed, stopped",
    ]
    ends = {step["customer"]: step["state"] for step in steps}
    assert {ends[name] for name in ("Contoso", "Fabrikam", "Northwind")} == {"Subscribed, ready"}
    places = [step["evidence_index"] for step in steps]
    assert all(isinstance(place, int) for place in places)
    assert places == sorted(places)
    assert places[-1] < document["log"]["size"]
    assert list(tmp_path.iterdir()) == []
