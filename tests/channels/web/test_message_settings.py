"""The rule for messages and their wording in the console: shown, tried, saved, and taken back."""

from __future__ import annotations

from typing import Any

from tests.channels.stage import Stage
from tests.channels.web.browsing import SESSION, Visitor


def test_a_wording_is_tried_saved_and_taken_back_and_the_rule_is_set(sqlite_stage: Stage, failures: list[Any]) -> None:
    stage = sqlite_stage
    with Visitor(stage) as owner:
        owner.client.cookies.set(SESSION, stage.owner_cookie, domain="127.0.0.1")
        owner.get("/settings/messages")
        assert "Nothing leaves from 20:00 to 07:00 (UTC)" in owner.text
        wording = "/settings/messages/wordings/customers.deadline"
        owner.get(wording)
        assert "Contoso" in owner.text, "a preview with made-up values"

        owner.press("/customers.deadline", subject="{customer} soon", text="Act for {customer}.", only_show="on")
        assert "Act for Contoso." in owner.text
        owner.get(wording)
        assert "Act for Contoso." not in owner.text, "nothing was saved"
        owner.press("/customers.deadline", subject="{customer} soon", text="{nothing}", only_show="")
        assert owner.last.status_code == 422
        assert "knows nothing of {nothing}" in owner.text
        owner.press("/customers.deadline", subject="{customer} soon", text="Act for {customer}.", only_show="")
        assert "Act for Contoso." in owner.arrived()
        assert "In your own words" in owner.text
        owner.press("/customers.deadline", subject="", text="", only_show="")
        assert "As shipped" in owner.arrived()

        owner.get("/settings/messages")
        owner.press("/settings/messages", time_zone="Mars/Olympus")
        assert owner.last.status_code == 422
        owner.press("/settings/messages", time_zone="Europe/Berlin", quiet_from="21:30", is_quiet_at_weekends="on")
        assert "Nothing leaves from 21:30 to 07:00 (Europe/Berlin)" in owner.arrived()
        assert owner.get("/settings/messages/wordings/no.such").status_code == 404
    assert failures == []
