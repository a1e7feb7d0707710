"""Deals that exist already: from Microsoft by query and from a company's own list, and mappings of columns."""

from __future__ import annotations

from fairkeeper.deals.actions.import_deals import import_deals, import_offers, read_deal_list, show_import
from fairkeeper.deals.actions.market_prices import list_mappings, save_mapping
from fairkeeper.deals.actions.submit_deal import submit_deal
from fairkeeper.deals.book.queries import list_deals
from tests.actions.customers.world import CORA, refused
from tests.actions.deals.desk import SAM, Desk, plan_of_three_years
from tests.unit.deals.test_sheets import LIST


def test_private_offers_are_taken_over_from_microsoft_once(sqlite_desk: Desk) -> None:
    desk, world = sqlite_desk, sqlite_desk.world
    own = desk.offer(desk.deal(plan_of_three_years("own")))
    with world.one_entry("import_asked"):
        asked = desk.run(import_offers)
    world.work()
    shown = desk.run(show_import, import_id=asked.import_id)
    assert shown.is_finished
    assert set(shown.results) == {"Three years of Enterprise: taken over", "Contoso three years: was here already"}
    taken = desk.show("three-years-of-enterprise")
    assert (taken.line.state, taken.line.total, taken.source) == ("accepted", "270000.00", "microsoft")
    assert taken.line.private_offer_id is not None
    assert any("eligibility" in told for told in taken.unread)
    assert desk.state(own.slug) == "offered"

    again = desk.run(import_offers)
    world.work()
    assert all("was here already" in told for told in desk.run(show_import, import_id=again.import_id).results)
    assert desk.run(list_deals).total == 2

    # What was bought through it is matched to it, as to any other.
    bought = world.buy("enterprise", purchaser=CORA, private_offer_id=taken.line.private_offer_id.rpartition("/")[2])
    world.land(bought)
    world.work()
    assert desk.state("three-years-of-enterprise") in {"accepted", "bought"}


def test_a_list_is_taken_over_in_the_states_that_it_says(quiet_desk: Desk) -> None:
    import base64

    desk = quiet_desk
    table = base64.b64encode(LIST.encode()).decode()
    read = read_deal_list.function(read_deal_list.input.model_validate({"table_base64": table}))
    assert len(read.findings) == 2
    rows = [
        {
            "text": each.text,
            "state": each.state,
            "owner": "Dana",
            "private_offer_id": each.private_offer_id,
            "unread": list(each.unread),
        }
        for each in read.deals
    ]
    with desk.world.one_entry("import_finished") as told:
        found = desk.run(import_deals, source="list", deals=[*rows, {"text": "private_offer: {}"}])
    assert (found.saved, found.known, len(found.refused)) == (("contoso-three-years", "fabrikam"), (), 1)
    assert told["saved"] == 2
    assert desk.state("contoso-three-years") == "offered"
    assert "the column Region" in desk.show("contoso-three-years").unread
    assert desk.run(import_deals, source="list", deals=rows).known == ("contoso-three-years", "fabrikam")
    with refused("deals.state_refused"):
        desk.run(submit_deal, deal="fabrikam")
    with refused("access.not_permitted"):
        desk.run(import_deals, SAM, source="list", deals=rows)


def test_a_mapping_is_saved_under_a_name(quiet_desk: Desk) -> None:
    desk = quiet_desk
    with desk.world.one_entry("mapping_saved"):
        desk.run(save_mapping, name="ours", purpose="deals", columns={"name": "Opportunity"})
    with desk.world.no_entry():
        desk.run(save_mapping, name="ours", purpose="deals", columns={"name": "Opportunity"})
    with refused("deals.table_unreadable"):
        desk.run(save_mapping, name="ours", purpose="deals", columns={"colour": "Colour"})
    (found,) = desk.run(list_mappings)
    assert (found.name, dict(found.columns)) == ("ours", {"name": "Opportunity"})
