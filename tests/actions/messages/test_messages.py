"""Told once, in its turn, followed up when unread, and never twice; over real SMTP and HTTP on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from fairkeeper.database.session import Database
from fairkeeper.messages.actions.settings import mark_read, set_rule, set_wording
from fairkeeper.messages.errors import MessageNotFoundError, RuleRefusedError, TemplateRefusedError
from fairkeeper.messages.queries import list_deliveries, list_mine, list_templates
from tests.actions.house import staff
from tests.actions.messages.world import BASE, World, open_world

OWNER = staff("owner", id="per_olivia")
FIONA = staff("finance", id="per_fiona")


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    with open_world(database) as opened:
        yield opened


def test_what_is_urgent_leaves_by_mail_and_teams_once_however_often_it_is_wished(world: World) -> None:
    assert world.happen("The bank refused")
    assert not world.happen("The bank refused")
    world.worker.run_due()
    assert world.post.subjects() == ["The bank refused"]
    (mail,) = world.post.mails
    assert mail["To"] == "Fiona <fiona@fairmile.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert f"{BASE}/messages/{world.message_id()}" in mail.get_content()
    (card,) = world.channel.cards
    assert card["attachments"][0]["content"]["body"][0]["text"] == "The bank refused"
    world.pass_hours(1)
    assert (len(world.post.mails), len(world.channel.cards)) == (1, 1)
    assert "messages.handed_over/1" in world.house.kinds()


def test_the_night_is_quiet_but_for_a_deadline_within_it(world: World) -> None:
    world.house.clock.move(timedelta(hours=13))  # ten in the evening
    world.happen("It can wait")
    world.happen("It cannot", thing="2", due_in_hours=3)
    world.worker.run_due()
    assert world.post.subjects() == ["It cannot"]
    world.pass_hours(8.9)
    assert world.post.subjects("fiona@fairmile.example") == ["It cannot"]
    world.pass_hours(0.2)
    assert world.post.subjects("fiona@fairmile.example") == ["It cannot", "It can wait"]


def test_the_rest_waits_for_the_daily_digest_and_comes_as_one(world: World) -> None:
    for number in range(3):
        world.happen(f"Thing {number}", thing=str(number), urgency="digest")
    world.worker.run_due()
    assert world.post.mails == []
    world.pass_hours(23)
    assert world.post.subjects() == ["3 things for you in Fairkeeper"]
    assert all(f"Thing {number} has happened." in world.post.mails[0].get_content() for number in range(3))
    assert len(world.channel.cards) == 1
    world.pass_hours(24)
    assert len(world.post.mails) == 1


def test_whoever_does_not_read_is_followed_up_once(world: World) -> None:
    world.happen("Pay the invoice")
    world.worker.run_due()
    world.pass_hours(3.9)
    assert world.post.subjects() == ["Pay the invoice"]
    world.pass_hours(0.2)
    assert world.post.subjects()[1:] == ["Still unread: Pay the invoice"] * 2
    assert sorted(world.post.readers[1:]) == ["olivia@fairmile.example", "oscar@fairmile.example"]
    world.pass_hours(200)
    assert len(world.post.mails) == 3
    assert world.house.kinds().count("messages.escalated/1") == 1


def test_whoever_reads_is_not_followed_up_and_nobody_reads_for_another(world: World) -> None:
    world.happen("Pay the invoice")
    world.worker.run_due()
    (mine,) = world.house.run(list_mine, FIONA)
    with pytest.raises(MessageNotFoundError):
        world.house.run(mark_read, OWNER, message_id=mine.message_id)
    assert world.house.run(mark_read, FIONA, message_id=mine.message_id) is True
    assert world.house.run(mark_read, FIONA, message_id=mine.message_id) is False
    world.pass_hours(100)
    assert len(world.post.mails) == 1
    assert world.house.run(list_mine, FIONA, unread_only=True) == ()


def test_a_near_deadline_is_followed_up_before_it_and_not_after(world: World) -> None:
    world.happen("Answer", due_in_hours=2)
    world.worker.run_due()
    world.pass_hours(1.1)
    assert len(world.post.mails) == 3


def test_what_was_dealt_with_meanwhile_does_not_leave(world: World) -> None:
    world.happen("Look into it", urgency="digest")
    world.worker.run_due()
    world.happen("", is_over=True)
    world.pass_hours(100)
    assert world.post.mails == []
    assert world.channel.cards == []
    assert set(world.states()) == {"kept"}


def test_nobody_with_the_role_means_the_owners_and_a_person_means_that_person(world: World) -> None:
    world.happen("For sellers", to="seller")
    world.happen("For Oscar", to="per_oscar", thing="2")
    world.worker.run_due()
    assert sorted(world.post.readers) == ["olivia@fairmile.example", *["oscar@fairmile.example"] * 2]


def test_a_server_that_says_later_gets_it_later_and_once(world: World) -> None:
    world.post.answers = ["451 try later", "421 closing"]
    world.channel.statuses = [503]
    world.happen("The bank refused")
    for _ in range(4):
        world.worker.run_due()
        world.house.clock.move(timedelta(minutes=1))
    world.worker.run_due()
    assert world.post.subjects() == ["The bank refused"]
    assert len(world.channel.cards) == 1
    assert world.states() == ["left", "left"]


def test_what_is_refused_for_good_is_said_and_followed_up(world: World) -> None:
    world.post.answers = ["554 no"]
    world.channel.statuses = [400]
    world.happen("The bank refused")
    world.worker.run_due()
    assert world.states() == ["failed", "failed"]
    lines = world.house.run(list_deliveries, OWNER)
    assert any("554" in (line.problem or "") for line in lines)
    world.pass_hours(5)
    assert world.post.subjects() == ["Still unread: The bank refused"] * 2


def test_a_connection_that_breaks_after_the_text_leaves_it_in_doubt_and_is_not_repeated(world: World) -> None:
    world.post.breaks_off = True
    world.happen("The bank refused")
    world.worker.run_due()
    world.pass_hours(1)
    assert world.states()[0] == "in_doubt"
    assert world.post.subjects("fiona@fairmile.example") == ["The bank refused"]
    world.pass_hours(4)
    assert world.post.subjects("olivia@fairmile.example") == ["Still unread: The bank refused"]


def test_a_wording_is_the_publishers_and_names_only_what_it_is_given(world: World) -> None:
    with pytest.raises(TemplateRefusedError):
        world.house.run(set_wording, OWNER, code="tests.occasion", subject="{password}", text="x")
    world.house.run(set_wording, OWNER, code="tests.occasion", subject="Achtung: {what}", text="Bitte ansehen.")
    world.happen("Zahlung")
    world.worker.run_due()
    assert world.post.subjects() == ["Achtung: Zahlung"]
    assert world.post.mails[0].get_content().startswith("Bitte ansehen.")
    world.house.run(set_wording, OWNER, code="tests.occasion")
    (ours,) = [each for each in world.house.run(list_templates, OWNER) if each.code == "tests.occasion"]
    assert (ours.subject, ours.is_own) == ("{what}", False)


@pytest.mark.parametrize("fields", [{"time_zone": "Mars/Olympus"}, {"quiet_from": "25:00"}, {"escalate_to": "king"}])
def test_a_rule_that_cannot_be_kept_is_refused(world: World, fields: dict[str, str]) -> None:
    with pytest.raises(RuleRefusedError):
        world.house.run(set_rule, OWNER, **fields)


def test_the_rule_decides_when_and_to_whom(world: World) -> None:
    world.house.run(set_rule, OWNER, quiet_from="08:00", quiet_until="12:00", escalate_after_hours=1)
    world.happen("Later")
    world.worker.run_due()
    assert world.post.mails == []
    world.pass_hours(3)
    assert world.post.subjects() == ["Later"]
    world.pass_hours(1.1)
    assert len(world.post.mails) == 3
