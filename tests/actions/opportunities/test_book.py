"""From files to cards: imports that repeat and correct, rankings that are the same again, cards that open and close."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from fairkeeper.action.principal import Principal, PrincipalKind, system
from fairkeeper.errors import DeniedError
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.opportunities.accountability.queries import report
from fairkeeper.opportunities.actions.accounts import match_account, set_accounts, set_prices
from fairkeeper.opportunities.actions.cards import (
    OutcomeIncompleteError,
    draft_deal,
    record_outcome,
    record_shown,
)
from fairkeeper.opportunities.actions.pushes import (
    give_standing_approval,
    plan_pushes,
    push_card,
    revoke_standing_approval,
)
from fairkeeper.opportunities.actions.snapshots import drop_old_snapshots
from fairkeeper.opportunities.asking.answering import ask
from fairkeeper.opportunities.asking.understanding import EXAMPLES
from fairkeeper.opportunities.errors import (
    AccountAmbiguousError,
    AccountNotMatchedError,
    AccountUnknownError,
    CardClosedError,
    LensUnknownError,
    NoSnapshotError,
    PushRefusedError,
    SnapshotUnclearError,
)
from fairkeeper.opportunities.insights.queries import compare_snapshots
from fairkeeper.opportunities.queries import (
    explain_account,
    list_alerts,
    list_cards,
    list_lenses,
    list_pushes,
    list_snapshots,
    portfolio_summary,
    rank_accounts,
    show_card,
)
from fairkeeper.opportunities.tables import CardRow
from tests.actions.opportunities.book import MONTHS, Book, export, open_book

SELLER = Principal(id="per_seller", kind=PrincipalKind.STAFF, roles=frozenset({"seller"}))
LEADER = Principal(id="per_leader", kind=PrincipalKind.STAFF, roles=frozenset({"leader"}))
FINANCE = Principal(id="per_finance", kind=PrincipalKind.STAFF, roles=frozenset({"finance"}))
PROGRAM = Principal(id="tok_1", kind=PrincipalKind.SERVICE, roles=frozenset({"seller"}))


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    made = open_book(tmp_path_factory.mktemp("book"), crm_kind="dynamics", crm_url="https://crm.example", crm_token="t")
    made.take(*range(MONTHS))
    yield made
    made.installation.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Book]:
    made = open_book(tmp_path)
    yield made
    made.installation.close()


def entries(book: Book, kind: str) -> list[EntryRow]:
    with book.installation.database.read() as session:
        return list(session.scalars(select(EntryRow).where(EntryRow.kind == f"opportunities.{kind}/1")))


def first_card(book: Book, **filters: Any) -> Any:
    return book.run(list_cards, limit=1, **filters).cards[0]


def accounts_of(*rows: tuple[str, str, str, str, str]) -> dict[str, str]:
    text = "crm_account,name,domain,tenant_id,owner\n" + "".join(f"{','.join(row)}\n" for row in rows)
    return {"name": "accounts.csv", "text": text}


# -------------------- importing files


def test_nothing_is_ranked_before_anything_is_imported(empty: Book) -> None:
    for query in (rank_accounts, portfolio_summary, report):
        with pytest.raises(NoSnapshotError):
            empty.run(query)
    assert empty.run(list_cards).as_of is None
    assert empty.run(list_alerts).book == 0


def test_the_same_file_again_changes_nothing_and_another_of_that_day_is_a_revision(empty: Book) -> None:
    first = empty.take(0)
    again = empty.take(0)
    assert (first["files"][0]["is_new"], again["files"][0]["is_new"]) == (True, False)
    assert again["ranking"]["run_id"] == first["ranking"]["run_id"]
    assert len(entries(empty, "snapshot_imported")) == len(entries(empty, "accounts_ranked")) == 1
    name, content = export(0)
    corrected = empty.take(files=[(name, b"\n".join(content.split(b"\n")[:-3]) + b"\n")])
    assert corrected["files"][0]["revision"] == 2
    assert [(line.revision, line.state) for line in empty.run(list_snapshots)] == [(2, "kept"), (1, "replaced")]


def test_one_snapshot_claims_no_trend_and_no_alert(empty: Book) -> None:
    empty.take(0)
    ranked = empty.run(rank_accounts, lens="at-risk", top=20)
    told = " ".join(reason.text for line in ranked.accounts for reason in (*line.reasons, *line.against))
    assert "changed by" not in told
    assert "fell" not in told
    assert "one snapshot" in ranked.note.lower()
    assert empty.run(list_alerts).alerts == ()
    assert not any("grew" in line.why_now or "fell" in line.why_now for line in ranked.accounts)


def test_a_file_of_no_tab_hides_no_other(empty: Book) -> None:
    done = empty.take(files=[("notes.txt", b"hello"), export(0)])
    assert [each["snapshot_id"] is None for each in done["files"]] == [True, False]
    assert done["findings"][0]["code"] == "opportunities.insights_file_unknown"


def test_days_are_kept_for_ninety_and_the_last_of_each_month_for_good(empty: Book) -> None:
    _, content = export(0)
    for day in ("2025-11-10", "2025-11-20", "2026-03-20", "2026-03-25"):
        empty.take(files=[(f"copilot-{day}.csv", content + day.encode() + b",,\n")], rank=False)
    empty.run(drop_old_snapshots, system("opportunities"))
    kept = {line.taken_on.isoformat() for line in empty.run(list_snapshots) if line.state == "kept"}
    assert kept == {"2025-11-20", "2026-03-20", "2026-03-25"}


# -------------------- ranking


def test_the_same_data_give_the_same_ranking(book: Book, tmp_path: Path) -> None:
    other = open_book(tmp_path)
    try:
        theirs = other.take(*range(MONTHS))["ranking"]
        ours = book.take(MONTHS - 1)["ranking"]
        assert theirs["result_digest"] == ours["result_digest"]
    finally:
        other.installation.close()


@pytest.mark.parametrize("lens", ["expansion", "conversion", "at-risk", "transformation", "e7", "agent_365"])
def test_an_explanation_adds_up_to_the_likelihood_of_the_list(book: Book, lens: str) -> None:
    line = book.run(rank_accounts, lens=lens, top=1).accounts[0]
    found = book.run(explain_account, tenant=line.tenant_id)
    (view,) = [each for each in found.lenses if each.rank == 1 and each.lens == lens.replace("-", "_")]
    odds = view.base + sum(term.odds or 0 for term in view.terms)
    assert 1 / (1 + math.exp(-odds)) == pytest.approx(line.likelihood, abs=0.002)
    assert len(found.past) == MONTHS


def test_an_unknown_lens_is_refused_with_those_there_are(book: Book) -> None:
    with pytest.raises(LensUnknownError, match="expansion, conversion, at_risk"):
        book.run(rank_accounts, lens="magic")
    assert len(book.run(list_lenses)) == 6


def test_an_account_is_found_by_its_whole_name_and_twins_are_not_guessed(empty: Book) -> None:
    head = b"Tenant Name,Tenant ID,Copilot PAU,Copilot MAU (Licensed)\n"
    twins = [f"Twins,aaaaaaaa-0000-4000-8000-00000000000{n},5,5\n".encode() for n in (1, 2)]
    empty.take(
        files=[
            ("copilot-2026-04-02.csv", head + b"".join(twins) + b"Contoso,aaaaaaaa-0000-4000-8000-000000000003,5,5\n")
        ]
    )
    assert empty.run(explain_account, tenant="contoso").name == "Contoso"
    with pytest.raises(AccountAmbiguousError):
        empty.run(explain_account, tenant="Twins")
    with pytest.raises(AccountUnknownError):
        empty.run(explain_account, tenant="Nobody")


# -------------------- prices and accounts


def test_a_price_list_gives_cards_their_worth_from_the_next_ranking(empty: Book) -> None:
    empty.take(0)
    assert first_card(empty, lens="expansion").worth is None
    text = (
        "product,price_per_seat_per_month,currency,from\ncopilot,30.00,USD,2025-01-01\ncopilot,40.00,USD,2026-01-01\n"
    )
    empty.run(set_prices, file={"name": "prices.csv", "text": text})
    empty.take(0)
    card = first_card(empty, lens="expansion")
    assert card.currency == "USD"
    assert float(card.worth) == pytest.approx(card.seats * 30 * 12, rel=0.01)


def test_accounts_are_matched_by_id_domain_then_name_and_what_is_ambiguous_waits(empty: Book) -> None:
    empty.take(0)
    cards = list({card.tenant_id: card for card in empty.run(list_cards, limit=100).cards}.values())[:4]
    domains = {card.id: empty.run(show_card, card_id=card.id).account.domain for card in cards}
    by_id, by_domain, by_name, unclear = cards
    empty.run(
        set_accounts,
        file=accounts_of(
            ("A-1", "Another name", "", by_id.tenant_id, "ann@publisher.example"),
            ("A-2", "Another name", domains[by_domain.id], "", "ben@publisher.example"),
            ("A-3", f"{by_name.account} GmbH", "", "", ""),
            ("A-4", unclear.account, "", "", ""),
            ("A-5", f"{unclear.account} Ltd", "", "", ""),
        ),
    )
    shown = [empty.run(show_card, card_id=card.id) for card in cards]
    assert [(each.match_state, each.crm_account) for each in shown] == [
        ("matched", "A-1"),
        ("matched", "A-2"),
        ("matched", "A-3"),
        ("ambiguous", None),
    ]
    assert shown[0].line.owner == "ann@publisher.example"
    assert not shown[3].may_push
    empty.run(match_account, tenant_id=unclear.tenant_id, crm_account="A-5")
    empty.run(set_accounts, file=accounts_of(("A-4", unclear.account, "", "", "")))
    assert empty.run(show_card, card_id=unclear.id).crm_account == "A-5"


# -------------------- what a seller does


def test_outcomes_are_recorded_with_their_evidence_and_close_the_card(book: Book) -> None:
    card = first_card(book, lens="expansion")
    with pytest.raises(OutcomeIncompleteError):
        book.run(record_outcome, SELLER, card_id=card.id, outcome="declined")
    book.run(record_outcome, SELLER, card_id=card.id, outcome="accepted")
    book.run(record_outcome, SELLER, card_id=card.id, outcome="won", seats=12, note="Signed.")
    with pytest.raises(CardClosedError):
        book.run(record_outcome, SELLER, card_id=card.id, outcome="lost")
    told = [entry for entry in entries(book, "outcome_recorded") if entry.subject_id == card.id]
    assert len(told) == 2
    detail = book.run(show_card, card_id=card.id)
    assert [each.outcome for each in detail.outcomes] == ["accepted", "won"]
    account = next(each for each in book.run(report).cards if each.lens == "expansion")
    assert (account.accepted, account.won) == (1, 1)
    assert account.brier is not None


def test_a_card_that_is_put_off_leaves_the_list_until_its_day(book: Book) -> None:
    card = first_card(book, lens="transformation")
    until = (book.clock.now() + timedelta(days=3)).date()
    book.run(record_outcome, SELLER, card_id=card.id, outcome="snoozed", until=until)
    assert card.id not in {each.id for each in book.run(list_cards, lens="transformation", limit=100).cards}
    before = book.clock.now()
    book.clock.move(timedelta(days=3))
    try:  # no ranking is needed for it to come back
        assert card.id in {each.id for each in book.run(list_cards, lens="transformation", limit=100).cards}
    finally:
        book.clock.move(before - book.clock.now())


def test_a_shown_card_is_remembered_once_for_each_ranking(book: Book) -> None:
    ids = tuple(card.id for card in book.run(list_cards, lens="e7", limit=5).cards)
    assert book.run(record_shown, SELLER, card_ids=ids, channel="web") == len(ids)
    assert book.run(record_shown, SELLER, card_ids=ids, channel="web") == 0


def test_a_sell_card_begins_a_deals_file(book: Book) -> None:
    card = first_card(book, lens="conversion")
    draft = book.run(draft_deal, SELLER, card_id=card.id)
    assert card.account in draft.yaml
    assert "private_offer:" in draft.yaml


def test_roles_decide_who_may(book: Book) -> None:
    card = first_card(book, lens="at_risk")
    for who in (LEADER, FINANCE):
        with pytest.raises(DeniedError):
            book.run(record_outcome, who, card_id=card.id, outcome="accepted")
    with pytest.raises(DeniedError):
        book.run(rank_accounts, FINANCE)
    assert book.run(rank_accounts, LEADER, top=1).accounts


# -------------------- pushing


def test_pushing_unasked_needs_a_persons_standing_approval_and_keeps_its_limit(book: Book) -> None:
    cards = list({c.tenant_id: c for c in book.run(list_cards, limit=100).cards}.values())[:6]
    book.run(set_accounts, file=accounts_of(*((f"A-{n}", c.account, "", c.tenant_id, "") for n, c in enumerate(cards))))
    planned = book.run(plan_pushes, SELLER, dry_run=True, limit=50)
    assert len(planned) >= 3
    assert book.run(list_pushes) == ()
    with pytest.raises(PushRefusedError):
        book.run(plan_pushes, SELLER)
    with pytest.raises(PushRefusedError):
        book.run(give_standing_approval, PROGRAM, daily_limit=2)
    book.run(give_standing_approval, SELLER, daily_limit=2)
    assert len(book.run(plan_pushes, PROGRAM)) == 2
    with pytest.raises(PushRefusedError):
        book.run(plan_pushes, PROGRAM)
    book.run(revoke_standing_approval, SELLER)
    book.clock.move(timedelta(days=1))
    with pytest.raises(PushRefusedError):
        book.run(plan_pushes, PROGRAM)
    assert len(entries(book, "pushes_planned")) == 1


def test_an_account_that_is_not_matched_is_never_pushed(book: Book) -> None:
    book.run(set_accounts, file=accounts_of(("A-9", "Somebody else", "", "", "")))
    card = first_card(book, lens="at_risk")
    with pytest.raises(AccountNotMatchedError):
        book.run(push_card, SELLER, card_id=card.id)
    assert not book.run(show_card, card_id=card.id).may_push


# -------------------- asking


@pytest.mark.parametrize("question", EXAMPLES[:4] + EXAMPLES[6:])
def test_every_example_question_is_answered_with_days_and_rows(book: Book, question: str) -> None:
    answer = book.run(ask, question=question)
    assert answer.is_answered, answer.heading
    assert answer.tool.startswith("opportunities.")
    assert all(line.as_of is not None for line in answer.lines)


def test_an_account_is_explained_and_an_unknown_question_says_what_can_be_asked(book: Book) -> None:
    name = book.run(rank_accounts, top=1).accounts[0].name
    assert book.run(ask, question=f"Why is {name} first?").heading == name
    nothing = book.run(ask, question="Will it rain tomorrow?")
    assert (nothing.is_answered, nothing.can_ask) == (False, EXAMPLES)
    unknown = book.run(ask, question="Explain Nobody & Sons")
    assert not unknown.is_answered
    assert "Nobody & Sons" in unknown.heading


def test_held_out_accounts_are_shown_to_nobody(tmp_path: Path) -> None:
    held = open_book(tmp_path, opportunities_holdout_percent=50)
    try:
        held.take(0)
        with held.installation.database.read() as session:
            states = [row.state for row in session.scalars(select(CardRow))]
        assert 0.3 < states.count("held_out") / len(states) < 0.7
        assert held.run(list_cards, limit=500).total == states.count("open")
        assert held.run(report).holdout.held_out > 0
    finally:
        held.installation.close()


# -------------------- two snapshots side by side


def test_the_newest_two_snapshots_are_compared_over_what_both_know(book: Book) -> None:
    found = book.run(compare_snapshots)
    listed = [line for line in book.run(list_snapshots) if line.state == "kept"]
    assert (found.later.as_of, found.earlier.as_of) == (listed[0].as_of, listed[1].as_of)
    seats = next(each for each in found.totals if each.measure == "paid_seats")
    assert 0 < seats.known_in_both <= min(found.earlier.tenants, found.later.tenants)
    assert found.earlier.tenants - found.missing_count + found.appeared_count == found.later.tenants
    assert all(each.how == "first_seen" for each in found.appeared)
    first = found.changes[0]
    assert all(abs(each.after - each.before) <= abs(first.after - first.before) for each in found.changes)
    past = book.run(explain_account, tenant=first.tenant_id).past
    columns = {
        "paid_seats": "paid_seats",
        "paid_mau": "paid_users",
        "chat_mau": "chat_users",
        "agents_mau": "agent_users",
    }
    if first.measure in columns:
        told = [getattr(month, columns[first.measure]) for month in past][-2:]
        assert told == [first.before, first.after]


def test_one_account_between_two_months_and_the_chat_says_the_same(book: Book) -> None:
    name = book.run(rank_accounts, top=1).accounts[0].name
    found = book.run(compare_snapshots, tenant=name, earlier="2025-11", later="2026-03")
    assert (found.account, found.earlier.as_of.month, found.later.as_of.month) == (name, 11, 3)
    seats = next(each for each in found.totals if each.measure == "paid_seats")
    answer = book.run(ask, question=f"How has {name} changed between 2025-11 and 2026-03?")
    assert answer.tool == "opportunities.compare_snapshots"
    assert any(f"Paid seats: {seats.before:,} to {seats.after:,}" in line.text for line in answer.lines)


@pytest.mark.parametrize(
    "given",
    [
        {"earlier": "2020-01"},
        {"later": "2026-02-30"},
        {"earlier": "2026-03", "later": "2026-02"},
        {"earlier": "snp_no"},
    ],
)
def test_a_snapshot_that_is_none_or_in_the_wrong_order_is_refused_with_those_there_are(
    book: Book, given: dict[str, str]
) -> None:
    with pytest.raises(SnapshotUnclearError):
        book.run(compare_snapshots, None, **given)


def test_a_missing_cell_is_no_fall_a_tenant_that_left_no_loss_and_one_that_is_back_not_new(empty: Book) -> None:
    head = "Tenant Name,Tenant ID,Copilot PAU,Copilot MAU (Licensed),Partner Center ID (MPN)\n"
    ids = [f"aaaaaaaa-0000-4000-8000-00000000000{n}" for n in range(5)]
    months = {
        "2026-01-05": [("Back", 0, "9", "9", "1")],
        "2026-02-05": [("Stays", 1, "10", "8", "1"), ("Unknown", 2, "20", "15", "1"), ("Gone", 3, "7", "7", "1")],
        "2026-03-10": [
            ("Stays", 1, "12", "9", "2"),
            ("Unknown", 2, "20", "Not Available", "1"),
            ("Back", 0, "9", "9", "1"),
            ("New", 4, "5", "5", "1"),
        ],
    }
    for day, rows in months.items():
        text = head + "".join(f"{name},{ids[n]},{pau},{mau},{mpn}\n" for name, n, pau, mau, mpn in rows)
        empty.take(files=[(f"copilot-{day}.csv", text.encode())])
    found = empty.run(compare_snapshots)
    totals = {each.measure: (each.before, each.after, each.known_in_both) for each in found.totals}
    assert totals["paid_seats"] == (30, 32, 2)
    assert totals["paid_mau"] == (8, 9, 1)
    assert totals["chat_mau"] == (None, None, 0)
    assert {(each.name, each.how) for each in found.appeared} == {("Back", "back"), ("New", "first_seen")}
    assert [each.name for each in found.missing] == ["Gone"]
    assert found.newly_associated == 1
    assert "no customer lost" in found.note


def test_one_snapshot_is_compared_with_nothing(empty: Book) -> None:
    empty.take(0)
    with pytest.raises(NoSnapshotError):
        empty.run(compare_snapshots)


def test_an_account_is_found_in_another_spelling_or_by_a_part_and_alike_ones_are_told(empty: Book) -> None:
    head = "Tenant Name,Tenant ID,Copilot PAU,Copilot MAU (Licensed)\n"
    names = ["Müller & Söhne", "Straße AG", "Contoso Traders", "Contoso Bank"]
    rows = "".join(f"{name},aaaaaaaa-0000-4000-8000-00000000000{n},5,5\n" for n, name in enumerate(names))
    empty.take(files=[("copilot-2026-04-02.csv", (head + rows).encode())])
    for asked, name in (("Mueller & Soehne", names[0]), ("müller", names[0]), ("strasse ag", names[1])):
        assert empty.run(explain_account, tenant=asked).name == name
    with pytest.raises(AccountAmbiguousError, match="Contoso Bank; Contoso Traders"):
        empty.run(explain_account, tenant="contoso")
    with pytest.raises(AccountUnknownError, match="Did you mean Contoso Traders"):
        empty.run(explain_account, tenant="Contsoo Traders")
