"""The record below a page: of the page's own moment, and asked for again only where that tells and loses nothing."""

from __future__ import annotations

from typing import Any, cast

import pytest
from starlette.requests import Request

from fairkeeper.errors import BugError
from fairkeeper.web.serving.telling import record_of
from fairkeeper.web.serving.visit import Visit
from tests.channels.web.browsing import Visitor
from tests.channels.web.markup import Element

CONSENT = "/customers/contoso/consent"


def waiting_record(visitor: Visitor) -> Element:
    (found,) = visitor.page.all("div", id="timeline")
    assert "Waiting for the checkpoint" in found.text
    return found


def test_what_is_shown_once_does_not_go_away_because_its_record_waits(owner: Visitor) -> None:
    owner.get(CONSENT)
    owner.press("/consent/share")
    assert "made=" in owner.last.headers["location"]
    owner.follow()
    assert f"{owner.stage.url}/connect/" in owner.text
    assert "hx-get" not in waiting_record(owner).attributes
    owner.get(CONSENT)
    assert waiting_record(owner).attributes["hx-get"] == CONSENT


def test_a_page_that_answers_a_refused_form_is_not_asked_for_again(owner: Visitor) -> None:
    owner.get(CONSENT)
    owner.press("/consent/share")
    owner.get(CONSENT)
    assert owner.press("/consent/claim-codes", offer_id="no such offer").status_code == 422
    assert "hx-get" not in waiting_record(owner).attributes


def test_a_page_with_a_record_that_reads_of_several_moments_is_a_bug() -> None:
    request = Request({"type": "http", "method": "GET", "path": "/deals/one", "headers": [], "query_string": b""})
    with pytest.raises(BugError, match="/deals/one shows a record"):
        record_of(Visit(parts=cast("Any", None), request=request), subject_type="deal", subject_id="one")
