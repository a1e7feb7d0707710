"""Taking over and handing back in the console: one or many at once, each with an entry of its own."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fairkeeper.bootstrap.local import local_principal
from fairkeeper.customers.actions.custody.move_custody import hand_back
from fairkeeper.evidence.queries import list_entries
from tests.channels.stage import Stage
from tests.channels.web.browsing import SESSION, Visitor


def kinds(stage: Stage, subscription_id: str) -> list[str]:
    """Return what the record says of who runs a subscription, the oldest first."""
    found = stage.run(
        list_entries, local_principal(), subject_type="subscription", subject_id=subscription_id, limit=100
    )
    moves = ("customers.subscription_taken_over/1", "customers.subscription_handed_back/1")
    return [each.kind for each in reversed(found.entries) if each.kind in moves]


def test_many_are_taken_over_at_once_and_one_is_handed_back(sqlite_stage: Stage, failures: list[Any]) -> None:
    stage = sqlite_stage
    ids = [stage.contoso.subscription_id, stage.contoso.waiting_id, stage.fabrikam.subscription_id]
    for each in ids:
        stage.run(hand_back, local_principal(), subscription_id=each)
    with Visitor(stage) as owner:
        owner.client.cookies.set(SESSION, stage.owner_cookie, domain="127.0.0.1")
        owner.get("/custody")
        assert "3 subscriptions observed" in owner.text
        boxes = [each.attributes["value"] for each in owner.page.all("input", name="subscription_id")]
        assert sorted(boxes) == sorted(ids)
        assert owner.get("/custody?text=fabrikam").status_code == 200
        assert len(owner.page.all("input", name="subscription_id")) == 1

        # Nothing ticked is told; what is ticked is asked about, and then done once.
        assert owner.get("/custody/take-over").status_code == 400
        owner.get("/custody/take-over?" + urlencode([("subscription_id", each) for each in ids]))
        assert "Take over 3 subscriptions?" in owner.text
        sheet = owner.sheet("/take-over")
        form = {**sheet.fields, "subscription_id": ids}
        headers = {"origin": stage.url, "sec-fetch-site": "same-origin"}
        for _ in range(2):
            answer = owner.client.post(f"{stage.url}/custody/take-over", data=form, headers=headers)
            assert answer.status_code == 303
        for each in ids:
            assert kinds(stage, each) == ["customers.subscription_handed_back/1", "customers.subscription_taken_over/1"]
        owner.get("/custody")
        assert "Nothing is observed" in owner.text

        owner.get("/custody/managed")
        assert len(owner.page.all("input", name="subscription_id")) == 3
        owner.get(f"/custody/hand-back?subscription_id={ids[0]}")
        owner.press("/hand-back")
        owner.get("/custody")
        assert "1 subscription observed" in owner.text
        assert len(kinds(stage, ids[0])) == 3

        # The subscription's own page says so too, and offers the way back.
        owner.get(f"/subscriptions/{ids[0]}")
        assert "another system" in owner.text
        owner.get(f"/subscriptions/{ids[0]}/take-over")
        owner.press("/take-over")
        assert len(kinds(stage, ids[0])) == 4
        assert owner.get("/custody/would-have").status_code == 200
    assert failures == []
