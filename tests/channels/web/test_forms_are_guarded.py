"""Forms: only a page of this session sends them, twice is once, and what was typed stays when something is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairkeeper.access.credentials import form_token
from tests.channels.stage import Stage
from tests.channels.web.browsing import Visitor, person

OLIVIA = person("Olivia Owner")


def renames(stage: Stage) -> list[str]:
    """Return the names that Contoso was given."""
    found = stage.call("GET", "/api/v1/evidence/entries?kind=customers.customer_renamed/1", stage.owner_token).json()
    return [entry["payload"]["name"] for entry in found["entries"]]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"csrf_token": ""}, "web.form_token"),
        ({"csrf_token": "A" * 43}, "web.form_token"),
        ({"csrf_token": form_token("somebody else's cookie")}, "web.form_token"),
    ],
)
def test_a_form_without_this_sessions_token_is_refused(
    owner: Visitor, sqlite_stage: Stage, changed: dict[str, str], code: str
) -> None:
    owner.get(f"/customers/{sqlite_stage.contoso.slug}/rename")
    answer = owner.press("/rename", name="Somebody else", **changed)
    assert (answer.status_code, code in owner.text) == (403, True)
    assert renames(sqlite_stage) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
    ],
)
def test_a_form_of_another_site_is_refused_even_with_the_token(
    owner: Visitor, sqlite_stage: Stage, headers: dict[str, str]
) -> None:
    owner.get(f"/customers/{sqlite_stage.contoso.slug}/rename")
    sheet = owner.sheet("/rename")
    fields = {**sheet.fields, "name": "Somebody else"}
    answer = owner.client.post(f"{sqlite_stage.url}{sheet.action}", data=fields, headers=headers)
    assert (answer.status_code, "web.form_from_elsewhere" in answer.text) == (403, True)
    assert renames(sqlite_stage) == []


@pytest.mark.parametrize("headers", [{}, {"origin": "null", "sec-fetch-site": "same-origin"}])
def test_what_older_and_careful_browsers_send_is_taken(
    owner: Visitor, sqlite_stage: Stage, headers: dict[str, str]
) -> None:
    owner.get(f"/customers/{sqlite_stage.contoso.slug}/rename")
    sheet = owner.sheet("/rename")
    fields = {**sheet.fields, "name": "Contoso Ltd"}
    assert owner.client.post(f"{sqlite_stage.url}{sheet.action}", data=fields, headers=headers).status_code == 303
    assert renames(sqlite_stage) == ["Contoso Ltd"]


def test_what_is_no_form_is_refused(owner: Visitor, sqlite_stage: Stage) -> None:
    for content, kind in ((b'{"name": "x"}', "application/json"), (b"\xff=\xff", "application/x-www-form-urlencoded")):
        answer = owner.client.post(
            f"{sqlite_stage.url}/customers/{sqlite_stage.contoso.slug}/rename",
            content=content,
            headers={"content-type": kind},
        )
        assert (answer.status_code, "web.form_unreadable" in answer.text) == (400, True)


def test_pressing_twice_is_the_same_request(owner: Visitor, sqlite_stage: Stage) -> None:
    subscription_id = sqlite_stage.fabrikam.subscription_id
    owner.get(f"/subscriptions/{subscription_id}/block")
    sheet = owner.sheet("/block")
    first = owner.send(sheet, reason="A limit was passed")
    again = owner.send(sheet, reason="A limit was passed")
    assert (first.status_code, again.status_code) == (303, 303)
    found = sqlite_stage.call(
        "GET",
        f"/api/v1/evidence/entries?subject_id={subscription_id}&kind=customers.use_blocked/1",
        sqlite_stage.owner_token,
    )
    assert len(found.json()["entries"]) == 1


def test_the_same_key_for_something_else_is_a_conflict_that_keeps_what_was_typed(
    owner: Visitor, sqlite_stage: Stage
) -> None:
    owner.get(f"/subscriptions/{sqlite_stage.fabrikam.subscription_id}/block")
    sheet = owner.sheet("/block")
    owner.send(sheet, reason="A limit was passed")
    answer = owner.send(sheet, reason="Another reason")
    assert answer.status_code == 409
    assert "Another reason" in owner.text


def test_a_wrong_field_is_marked_and_what_was_typed_stays(owner: Visitor, sqlite_stage: Stage) -> None:
    owner.get(f"/subscriptions/{sqlite_stage.fabrikam.subscription_id}/pause")
    answer = owner.press("/pause", reason="no")
    assert answer.status_code == 422
    field = owner.page.all("textarea", name="reason")[0]
    assert (field.text, field.attributes["aria-invalid"]) == ("no", "true")
    assert "At least 3 characters." in owner.text


def test_the_word_has_to_be_typed_before_everything_is_stopped(owner: Visitor, sqlite_stage: Stage) -> None:
    slug = sqlite_stage.fabrikam.slug
    owner.get(f"/customers/{slug}/revoke")
    answer = owner.press("/revoke", reason="The contract ended", typed_word="yes")
    assert answer.status_code == 422
    assert "The contract ended" in owner.text
    owner.press("/revoke", reason="The contract ended", typed_word=slug)
    assert owner.last.status_code == 303
    assert "Recorded: Revocation was decided: The contract ended" in owner.arrived()


def test_a_state_that_has_changed_meanwhile_is_told_in_the_form(owner: Visitor, sqlite_stage: Stage) -> None:
    subscription_id = sqlite_stage.fabrikam.subscription_id
    owner.get(f"/subscriptions/{subscription_id}/resume")
    sheet = owner.sheet("/resume")
    paused = sqlite_stage.call(
        "POST", f"/api/v1/subscriptions/{subscription_id}/resume", sqlite_stage.owner_token, json={"reason": "Earlier"}
    )
    assert paused.status_code == 200
    answer = owner.send(sheet, reason="Everything is fine again")
    assert answer.status_code == 409
    assert "Everything is fine again" in owner.text


def test_what_was_recorded_is_told_to_whoever_did_it_alone(owner: Visitor, sqlite_stage: Stage) -> None:
    address = f"/subscriptions/{sqlite_stage.fabrikam.subscription_id}"
    owner.get(f"{address}/block")
    owner.press("/block", reason="A limit was passed")
    told = owner.last.headers["location"]
    assert "Recorded: Use was blocked: A limit was passed" in owner.arrived()
    with Visitor(sqlite_stage) as auditor:
        auditor.sign_in(person("Audrey Auditor"), as_customer=False)
        auditor.get(told)
        assert "Recorded:" not in auditor.text


def test_a_session_that_ended_leads_to_sign_in_and_back_to_the_form(owner: Visitor, sqlite_stage: Stage) -> None:
    slug = sqlite_stage.contoso.slug
    owner.get(f"/customers/{slug}/rename")
    sheet = owner.sheet("/rename")
    owner.client.cookies.clear()
    answer = owner.send(sheet, name="Contoso Ltd")
    assert answer.headers["location"] == f"/sign-in?return_to=/customers/{slug}/rename"


def test_no_template_writes_a_form_without_its_token() -> None:
    import fairkeeper.web

    folder = Path(str(fairkeeper.web.__file__)).parent / "templates"
    without = [
        str(path.relative_to(folder))
        for path in folder.rglob("*.html")
        for form in path.read_text("utf-8").split("<form")[1:]
        if 'method="post"' in form.partition(">")[0] and "csrf_token" not in form.partition("</form>")[0]
    ]
    assert without == []
