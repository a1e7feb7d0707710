"""The publisher's look of the landing page: set in the console and by a file, seen and answered by buyers."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from fairkeeper.bootstrap.local import local_principal
from fairkeeper.customers.actions.landing.looks import apply_landing, set_landing_logo, set_landing_look
from fairkeeper.customers.errors import LandingLookRefusedError
from fairkeeper.evidence.queries import list_entries
from tests.channels.stage import Stage
from tests.channels.web.browsing import SESSION, Visitor, person
from tests.channels.web.test_landing import CARL, CORA, NORA, arrive, buy

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(40)
FILE = """
landing:
  - {support_url: "https://fairmile.example/help", terms_url: "https://fairmile.example/terms"}
  - offer: fairmile-assistant
    product_name: Fairmile Assistant
    fields:
      - {name: workspace, label: Workspace name}
      - {name: region, label: Region, type: choice, choices: [EU, US], required: false}
"""


@pytest.fixture
def owner(sqlite_stage: Stage) -> Iterator[Visitor]:
    with Visitor(sqlite_stage) as opened:
        opened.client.cookies.set(SESSION, sqlite_stage.owner_cookie, domain="127.0.0.1")
        yield opened


def test_what_the_owner_says_buyers_read_and_answer(sqlite_stage: Stage, owner: Visitor, failures: list[Any]) -> None:
    stage = sqlite_stage
    # The owner says it for everything, then for the offer; a mistake is told at its field.
    owner.get("/settings/landing/level")
    owner.press("/level", support_url="http://fairmile.example/help")
    assert owner.last.status_code == 422
    assert "needs an https address" in owner.text
    owner.press("/level", support_url="mailto:help@fairmile.example", terms_url="https://fairmile.example/terms")
    owner.follow()
    owner.press("/level/open", offer="fairmile-assistant")
    owner.follow()
    fields = "workspace | Workspace name\nregion | Region | choice | optional | EU, US"
    owner.press("/level", product_name="Fairmile Assistant", welcome="Good to have you.", fields=fields)
    assert "Workspace name, Region" in owner.arrived()
    sheet = owner.sheet("/logo")
    sent = owner.client.post(
        f"{stage.url}{sheet.action}",
        data=sheet.fields,
        files={"content": ("logo.png", PICTURE, "image/png")},
        headers={"origin": stage.url, "sec-fetch-site": "same-origin"},
    )
    assert sent.status_code == 303, sent.text

    # The buyer reads it, and answers before anything is activated.
    with Visitor(stage) as buyer:
        bought = buy(stage, NORA)
        shown = arrive(buyer, bought, NORA)
        for told in (
            "Activate Fairmile Assistant",
            "Good to have you.",
            "Workspace name",
            "Terms of use",
            "Ask for help",
        ):
            assert told in shown
        (picture,) = buyer.page.all("img", class_="brand-logo")
        logo = buyer.client.get(f"{stage.url}{picture.attributes['src']}")
        assert (logo.content, logo.headers["content-type"]) == (PICTURE, "image/png")
        assert "immutable" in logo.headers["cache-control"]

        landing = str(buyer.last.request.url)
        buyer.press("/activate", answer_workspace="", answer_region="Mars")
        assert buyer.last.status_code == 422
        assert "Please answer this." in buyer.text
        assert "Choose one of these." in buyer.text
        buyer.press("/activate", answer_workspace="northwind-sales", answer_region="EU")
        assert "Activation is asked for" in buyer.arrived()
        stage.work()
        buyer.get(landing)
        assert "Workspace name northwind-sales" in buyer.text
    owner.get(f"/subscriptions/{bought}")
    assert "northwind-sales" in owner.text
    owner.get("/customers/northwind")
    assert "northwind-sales" in owner.text

    # It is in the record, and so in the customer's export; the publisher's code is told as well.
    found = stage.run(list_entries, local_principal(), subject_type="subscription", subject_id=bought, limit=50)
    (entry,) = [each for each in found.entries if each.kind == "customers.landing_answered/1"]
    assert entry.payload["answers"] == {"workspace": "northwind-sales", "region": "EU"}
    assert failures == []


def test_a_stranger_reads_nothing_of_the_offer_and_what_was_activated_by_itself_is_asked_afterwards(
    sqlite_stage: Stage, failures: list[Any]
) -> None:
    stage = sqlite_stage
    stage.run(apply_landing, local_principal(), file={"text": FILE})
    bought = buy(stage, CORA, auto_activation=True)
    stage.work()
    with Visitor(stage) as carl:
        assert "Fairmile Assistant" not in arrive(carl, bought, CARL)
        assert "Terms of use" in carl.text
    with Visitor(stage) as stranger:
        assert "Fairmile Assistant" not in arrive(stranger, bought, person("Freya Fabrikam"))
    with Visitor(stage) as cora:
        assert "What we still need to know" in arrive(cora, bought, CORA)
        cora.press("/answers", answer_workspace="")
        assert cora.last.status_code == 422
        cora.press("/answers", answer_workspace="contoso-sales")
        assert "What we still need to know" not in cora.arrived()
        assert "contoso-sales" in cora.text
    assert failures == []


@pytest.mark.parametrize(
    "text",
    [
        "landing: {}",
        "[1, 2",
        "landing: [{plan: team}]",
        "landing: [{terms_url: 'http://a.example'}]",
        "landing: [{offer: a}, {offer: a}]",
        "landing: [{offer: a, fields: [{name: x}]}]",
        "landing: [{offer: a, colour: red}]",
        "{landing: [], logo: AAEC}",
        "{landing: [], logo: '*'}",
    ],
)
def test_a_file_with_a_mistake_changes_nothing(sqlite_stage: Stage, text: str) -> None:
    with pytest.raises(LandingLookRefusedError):
        sqlite_stage.run(apply_landing, local_principal(), file={"text": text})
    assert sqlite_stage.rows.changes() == []


def test_a_logo_is_a_picture_of_bounded_size_and_can_be_taken_away(sqlite_stage: Stage) -> None:
    large = base64.b64encode(PICTURE + bytes(200_000)).decode()
    for content in (base64.b64encode(b"<svg onload='x'/>").decode(), large):
        with pytest.raises(LandingLookRefusedError):
            sqlite_stage.run(set_landing_logo, local_principal(), content=content)
    document = {"landing": [], "logo": "data:image/png;base64," + base64.b64encode(PICTURE).decode()}
    sqlite_stage.run(apply_landing, local_principal(), file={"text": json.dumps(document)})
    assert sqlite_stage.call("GET", "/marketplace/logo").content == PICTURE
    sqlite_stage.run(set_landing_logo, local_principal())
    assert sqlite_stage.call("GET", "/marketplace/logo").status_code == 404
    said = {"offer": "o", "product_name": "P"}
    assert sqlite_stage.run(set_landing_look, local_principal(), **said).look.product_name == "P"
    sqlite_stage.run(set_landing_look, local_principal(), offer="o")
    with pytest.raises(LandingLookRefusedError):
        sqlite_stage.run(set_landing_look, local_principal(), plan="p", product_name="P")
