"""The permission catalogue: large enough, dated, and honest about what it does not know."""

from __future__ import annotations

import re

import pytest

from fairkeeper.consent.actions.check_plan import ExplainPermission, show_permission
from fairkeeper.consent.catalogue.permissions import BASIC, Approver, Kind, catalogue, normal_operation

GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
FACTS = catalogue()


def test_it_holds_at_least_150_permissions_and_explains_60_of_them() -> None:
    assert len(FACTS.names) >= 150
    explained = set(FACTS.explanations) & FACTS.names
    assert len(explained) >= 60
    assert set(FACTS.explanations) - FACTS.names == BASIC - {"User.Read"}


def test_every_sentence_is_one_sentence_for_its_reader() -> None:
    for name, words in FACTS.explanations.items():
        for sentence in filter(None, (words.admin, words.user, words.alone)):
            assert sentence.endswith("."), name
            assert len(sentence) <= 140, name
            assert "—" not in sentence, name


_PERSON = re.compile(r"signed-in person|who(ever)? has signed in|what was allowed|\bsigned-in\b")
_YOU = re.compile(r"\b(you|your|yours)\b", re.IGNORECASE)
_ALONE = re.compile(r"with nobody signed in|nobody is signed in")


def test_every_sentence_fits_the_kind_of_permission_that_it_is_shown_for() -> None:
    """In people's names it tells whose; with nobody signed in it says so, and leans on no person who is not there."""
    seen = 0
    for name, kind in FACTS.facts:
        words = FACTS.explanations.get(name)
        if words is None:
            continue
        for_all = words.sentence(kind, is_for_administrators=True)
        for_one = words.sentence(kind, is_for_administrators=False)
        assert for_all, f"{name} has no sentence as {kind} permission"
        seen += 1
        if kind is Kind.APPLICATION:
            assert _ALONE.search(for_all), for_all
            assert not _PERSON.search(_ALONE.sub("", for_all)), for_all
            assert for_one is None
        else:
            assert not _ALONE.search(for_all), for_all
            assert for_one is not None
            assert not _ALONE.search(for_one), for_one
            assert not _PERSON.search(for_one), for_one
        assert not _YOU.search(for_all), for_all
    assert seen >= 100


def test_mail_read_is_told_apart_in_somebodys_name_and_with_nobody_signed_in() -> None:
    words = FACTS.explanations["Mail.Read"]
    assert "no other mailbox" in (words.sentence(Kind.DELEGATED, is_for_administrators=True) or "")
    assert "every mailbox" in (words.sentence(Kind.APPLICATION, is_for_administrators=True) or "")


def test_ids_are_guids_of_one_permission_of_a_kind() -> None:
    for kind in Kind:
        ids = [fact.id for fact in FACTS.facts.values() if fact.id is not None and fact.kind is kind]
        assert [found for found in ids if not GUID.fullmatch(found)] == []
        assert len(ids) == len(set(ids)) >= 120


def test_narrower_permissions_are_known_and_never_lead_back() -> None:
    for (name, kind), fact in FACTS.facts.items():
        assert name not in FACTS.below(name, kind)
        unknown = {each for each in fact.narrower if each not in FACTS.names}
        assert unknown == set(), name


def test_every_application_permission_needs_an_administrator() -> None:
    found = {FACTS.approver(name, kind) for name, kind in FACTS.facts if kind is Kind.APPLICATION}
    assert found == {Approver.ADMIN}


def test_what_new_tenants_leave_to_administrators_is_told_apart() -> None:
    by_users = {name for name, kind in FACTS.facts if FACTS.approver(name, kind) is Approver.USER}
    maybe = {name for name, kind in FACTS.facts if FACTS.approver(name, kind) is Approver.MAYBE_USER}
    assert {"Mail.Read", "Calendars.ReadWrite", "Mail.Read.Shared", "Files.Read.All", "Chat.Read"} <= maybe
    assert {"Files.Read", "Files.ReadWrite", "Mail.Send"} <= by_users
    assert FACTS.policy_dated_on.year == 2026


def test_every_listed_call_is_spelled_as_it_is_looked_up() -> None:
    assert [call for call, _ in FACTS.operations if normal_operation(call) != call] == []
    assert len({call for call, _ in FACTS.operations}) >= 100


@pytest.mark.parametrize(
    ("asked", "kind", "calls", "narrower"),
    [
        ("Mail.ReadWrite", Kind.APPLICATION, ("GET /users/{id}/messages",), "Mail.ReadBasic.All"),
        ("Mail.ReadWrite", Kind.APPLICATION, ("GET /users/{id}/messages/{id}/attachments",), "Mail.Read"),
        ("Mail.Read", Kind.DELEGATED, ("GET /me/messages/{id}/attachments",), None),
        ("User.Read.All", Kind.DELEGATED, ("GET /users/{id}/manager",), None),
        ("Application.ReadWrite.All", Kind.APPLICATION, ("PATCH /applications/{id}",), "Application.ReadWrite.OwnedBy"),
        ("Mail.Read", Kind.DELEGATED, (), None),
        ("Fog.Read", Kind.DELEGATED, ("GET /me/messages",), None),
    ],
)
def test_the_narrowest_that_allows_every_call(
    asked: str, kind: Kind, calls: tuple[str, ...], narrower: str | None
) -> None:
    assert FACTS.narrower_for(asked, kind, calls) == narrower


def test_what_is_unknown_is_said_to_be() -> None:
    answer = show_permission.function(ExplainPermission(name="Fog.ReadWrite.All"))
    assert (answer.is_known, answer.forms, answer.for_administrators) == (False, (), None)


def test_what_can_become_more_says_so() -> None:
    by_kind = {form.kind: form for form in show_permission.function(ExplainPermission(name="Mail.Read")).forms}
    assert not by_kind[Kind.DELEGATED].can_escalate
    (form,) = (
        each
        for each in show_permission.function(ExplainPermission(name="RoleManagement.ReadWrite.Directory")).forms
        if each.kind is Kind.APPLICATION
    )
    assert form.can_escalate
    assert form.is_blocked_for_agents
