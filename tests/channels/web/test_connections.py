"""The page of the connections: a look by request, what it shows, and the way to the guide."""

from __future__ import annotations

from typing import Any

from tests.channels.stage import Stage
from tests.channels.web.browsing import SESSION, Visitor

PAGE = "/settings/connections"


def test_a_look_shows_what_works_and_what_has_to_be_mended(sqlite_stage: Stage, failures: list[Any]) -> None:
    stage = sqlite_stage
    with Visitor(stage) as owner:
        owner.client.cookies.set(SESSION, stage.owner_cookie, domain="127.0.0.1")
        owner.get(PAGE)
        assert "Nobody has looked yet" in owner.text
        (way,) = [link for link in owner.page.all("a") if link.text.startswith("Connect a publisher: step")]
        assert way.attributes["href"] == "/guide/tenant"

        owner.press("/check")
        assert "Looking now" in owner.arrived()
        assert owner.last.headers["refresh"] == "2"
        stage.work()
        owner.get(PAGE)
        assert "Everything that is set works" in owner.text
        assert "refresh" not in owner.last.headers
        shown = {row.all("td")[0].text: row.all("td")[1].text for row in owner.page.all("tr")[1:]}
        assert {name.partition(" ")[0]: told for name, told in shown.items()} == {
            "Entra": "Works",
            "Fulfillment": "Works",
            "Metering": "Works",
            "Landing": "Works",
            "Product": "Works",
            "Microsoft": "Not set",
            "Insights": "Not set",
            "Mail": "Not set",
            "Older": "Not set",
            "Database": "Works",
            "Background": "Works",
        }

        # The secret of the service application expires.
        stage.http.post(f"{stage.sandbox.url}/entra/control/faults", json={"code": 7000222})
        owner.press("/check")
        stage.work()
        owner.get(PAGE)
        assert "something to mend" in owner.text
        assert "the credential has expired. Make a new one" in owner.text
        listed = stage.call("GET", "/api/v1/connections", stage.owner_token).json()
        broken = {line["name"]: [each["code"] for each in line["findings"]] for line in listed["connections"]}
        assert broken["Fulfillment API"] == ["doctor.secret_expired"]
    assert failures == []
