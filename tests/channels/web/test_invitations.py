"""Inviting somebody in the console, and coming in by the link: once, in time, with an account of the right company."""

from __future__ import annotations

import re
import socket
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from starlette.testclient import TestClient

from fairkeeper.bootstrap.application import create_app
from fairkeeper.outbound.mail import MailServer, SMTPMailer
from fairkeeper.sandbox.directory import Person
from tests.channels.stage import Stage
from tests.channels.web.browsing import SESSION, Visitor, person
from tests.channels.web.markup import read


class Post:
    """A mail server's box: what was taken, as text."""

    def __init__(self) -> None:
        self.mails: list[str] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - the library's name
        body = message_from_bytes(envelope.content).get_payload(decode=True)
        self.mails.append(body.decode() if isinstance(body, bytes) else "")
        return "250 Taken"


def invite(owner: Visitor, **typed: str) -> str:
    """Make an invitation in the console, and return its address."""
    owner.get("/settings/people")
    owner.press("/settings/invitations", name="Ines Invited", roles="platform", **typed)
    found = re.search(r"http://[^\s<\"]+/invitation\?token=fk_[\w-]+", owner.last.text)
    assert found is not None, owner.text
    return found[0]


def come(stage: Stage, link: str, who: Person) -> tuple[int, str]:
    """Open an invitation's link, sign in, and return what the last page answers."""
    with Visitor(stage) as visitor:
        visitor.get(link)
        ways = [a.attributes["href"] for a in visitor.page.all("a") if "authorize" in a.attributes["href"]]
        chosen = visitor.client.post(ways[0], data={"object_id": who.object_id})
        visitor.get(chosen.headers["location"])
        status = visitor.last.status_code
        return (status, visitor.arrived()) if status == 303 else (status, visitor.text)


def test_an_invited_colleague_comes_in_with_the_role_and_the_link_is_good_once(
    owner: Visitor, sqlite_stage: Stage
) -> None:
    link = invite(owner)
    status, told = come(sqlite_stage, link, person("Ines Invited"))
    assert status == 303
    assert "Platform" in told
    assert come(sqlite_stage, link, person("Ines Invited"))[0] == 403
    owner.get("/settings/people")
    assert "fk_" not in owner.last.text, "the secret is shown once"


@pytest.mark.parametrize("name", ["Cora Contoso", "Olivia Owner", "Petra Personal"])
def test_another_companys_account_and_somebody_known_are_not_let_in(
    owner: Visitor, sqlite_stage: Stage, name: str
) -> None:
    status, told = come(sqlite_stage, invite(owner), person(name))
    assert status == 403, told


def test_an_invitation_ends_by_itself_and_by_withdrawal(owner: Visitor, sqlite_stage: Stage) -> None:
    link = invite(owner)
    owner.get("/settings/people")
    ways = [a.attributes.get("href", "") for a in owner.page.all("a")]
    withdraw = next(href for href in ways if href.endswith("/withdraw"))
    owner.get(withdraw)
    owner.press("/withdraw")
    assert come(sqlite_stage, link, person("Ines Invited"))[0] == 403
    later = invite(owner)
    before = sqlite_stage.clock.offset
    sqlite_stage.clock.move(timedelta(days=7, seconds=1))
    try:
        assert come(sqlite_stage, later, person("Ines Invited"))[0] == 403
    finally:
        sqlite_stage.clock.set_offset(before)


def test_the_address_is_mailed_where_mail_is_configured_and_is_kept_nowhere(sqlite_stage: Stage) -> None:
    """A real mail server on this machine takes it; the rest of the installation is the stage's."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    post = Post()
    controller = Controller(post, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        mailer = SMTPMailer(MailServer(host="127.0.0.1", port=port, is_tls=False), sender="fk@fairmile.example")
        app = create_app(replace(sqlite_stage.installation, mailer=mailer))
        owner = TestClient(app, base_url=sqlite_stage.url, cookies={SESSION: sqlite_stage.owner_cookie})
        (form,) = read(owner.get("/settings/people").text).all("form", id="form-invite-person")
        hidden = form.all("input", type="hidden")
        fields = {each.attributes["name"]: each.attributes.get("value", "") for each in hidden}
        typed = {"name": "Ines Invited", "email": "ines@fairmile.example", "roles": "platform"}
        shown = read(owner.post("/settings/invitations", data={**fields, **typed}).text).text
    finally:
        controller.stop()
    assert "A mail with it left for ines@fairmile.example" in shown
    (mail,) = post.mails
    token = re.search(r"/invitation\?token=(fk_[\w-]+)", mail)
    assert token is not None, mail
    for table, rows in sqlite_stage.rows.read().items():
        assert token[1] not in repr(rows), table
