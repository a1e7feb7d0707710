"""A deal's path from the draft to its last charge, and the ways on which it does not come about."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from fairkeeper.database.tasks import Task, TaskRow
from fairkeeper.deals.actions.approve_deal import approve_deal, set_approval_rules
from fairkeeper.deals.actions.follow_calendar import answer_renewal, close_deal_reminder
from fairkeeper.deals.actions.match_purchase import confirm_purchase
from fairkeeper.deals.actions.save_deal import assign_deal, copy_deal, reopen_deal, save_deal
from fairkeeper.deals.actions.submit_deal import lose_deal, record_progress, submit_deal, withdraw_deal
from fairkeeper.deals.book.queries import list_charges, list_deals, list_renewals
from fairkeeper.deals.book.tables import DealRow
from fairkeeper.deals.deal import Customer, PricingKind, TermsDocument
from fairkeeper.deals.files.reading import read_deal
from tests.actions.customers.world import CORA, NOON, person_of, refused
from tests.actions.deals.desk import DANA, LEAH, SAM, TEN_PERCENT, Desk, plan_of_three_years, usd

THREE_YEARS = [
    (date(2027, 1, 1), 200_000_000, "Setup fee"),
    (date(2027, 7, 15), 2_800_000_000, "Year 1"),
    (date(2028, 1, 1), 5_000_000_000, "Year 2"),
]


def test_a_deal_from_draft_to_charges(desk: Desk) -> None:
    world = desk.world
    with world.one_entry("deal_saved") as told:
        saved = desk.save(crm_id="OPP-1")
    assert (told["name"], told["total"]) == ("Contoso three years", "80000000.00 USD")
    assert (saved.slug, saved.state, saved.version) == ("contoso-three-years", "draft", 1)
    assert [finding.level.value for finding in desk.show(saved.slug).findings] == []
    assert desk.show(saved.slug).counts_towards_commitment == "yes"

    with world.one_entry("submission_asked"):
        desk.run(submit_deal, deal=saved.slug)
    assert desk.state(saved.slug) == "submitting"
    with refused("deals.state_refused"):
        desk.run(submit_deal, deal=saved.slug)
    with refused("deals.state_refused"):
        desk.save(deal=saved.slug)
    world.work()
    assert desk.state(saved.slug) == "submitting"
    world.move(seconds=90)
    offered = desk.show(saved.slug)
    assert offered.line.state == "offered"
    assert offered.differences == ()
    assert offered.accept_links[0].endswith(f"/private-offers/{desk.bare_id(saved.deal_id)}")
    assert offered.submission is not None
    assert offered.submission.ended_at is not None

    desk.accept(saved.deal_id)
    assert desk.state(saved.slug) == "accepted"
    subscription_id = desk.buy(saved.deal_id)
    bought = desk.show(saved.slug)
    assert bought.line.state == "bought"
    assert [(each.subscription_id, each.matched_by) for each in bought.purchases] == [(subscription_id, "source_offer")]
    assert [(each.charged_on, each.amount_minor, each.note) for each in desk.charges()] == THREE_YEARS
    kinds = [kind for kind in world.kinds() if kind.startswith(("deal_", "submission"))]
    assert kinds == [
        "deal_saved", "submission_asked", "deal_submitted", "deal_offered", "deal_accepted", "deal_found", "deal_bought",
    ]  # fmt: skip
    assert world.failed_tasks() == []

    # The customer's own people see what they will be charged, and another customer's do not.
    customer_id = bought.purchases[0].customer_id
    own = world.run(list_charges, person_of(customer_id))
    assert [each.amount for each in own] == ["2000000.00", "28000000.00", "50000000.00"]
    assert world.run(list_charges, person_of("cus_00000000000000000000000000")) == ()


def test_charges_and_the_end_are_told_ahead(sqlite_desk: Desk) -> None:
    desk, world = sqlite_desk, sqlite_desk.world
    saved = desk.offer()
    desk.accept(saved.deal_id)
    desk.buy(saved.deal_id)
    desk.days_pass(date(2027, 7, 7))
    assert desk.need_codes() == []
    desk.days_pass(date(2027, 7, 8))
    assert [(need.code, need.due_on) for need in desk.needs()] == [("deals.charge_near", date(2027, 7, 15))]
    assert "28000000.00 USD" in desk.needs()[0].message
    desk.days_pass(date(2027, 7, 16))
    assert desk.need_codes() == []
    desk.days_pass(date(2029, 10, 1))
    assert desk.need_codes() == []
    desk.days_pass(date(2029, 10, 2))
    (need,) = desk.needs()
    assert (need.code, need.due_on) == ("deals.renewal_near", date(2029, 12, 31))
    (month,) = desk.run(list_renewals)
    assert (month.month, month.totals) == ("2029-12", {"USD": "80000000.00"})
    assert month.renewals[0].fee_at_stake == "1200000.00 USD"
    with refused("deals.state_refused"):
        desk.run(answer_renewal, deal=saved.slug, plan="private_offer")
    desk.run(answer_renewal, deal=saved.slug, plan="private_offer", qualifies=True, reason="renewal")
    assert desk.need_codes() == []
    copied = desk.run(copy_deal, deal=saved.slug, as_upgrade=True)
    upgrade = read_deal(desk.show(copied.slug).document).deal
    assert upgrade is not None
    assert upgrade.replaces is not None
    assert (upgrade.replaces.name, upgrade.replaces.ends) == ("Contoso three years", date(2029, 12, 31))
    assert (upgrade.billing_starts, upgrade.ends) == (date(2030, 1, 1), date(2032, 12, 31))
    assert [charge.on for charge in upgrade.plans[0].schedule] == [None, date(2030, 7, 15), date(2031, 1, 1)]
    desk.days_pass(date(2030, 1, 1))
    assert desk.state(saved.slug) == "ended"
    assert world.entries("deal_ended")


def test_what_nobody_accepts_expires_with_its_reason_and_is_lost_to_something(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    saved = desk.offer()
    desk.days_pass(date(2026, 12, 8))
    assert desk.need_codes() == ["acceptance_near"]
    desk.days_pass(date(2026, 12, 15))
    assert desk.state(saved.slug) == "offered"
    desk.days_pass(date(2026, 12, 16))
    line = desk.show(saved.slug).line
    assert (line.state, line.closed_why) == ("expired", "Contoso did not accept it by 2026-12-15.")
    assert desk.need_codes() == []
    with desk.world.one_entry("deal_lost") as told:
        desk.run(lose_deal, deal=saved.slug, lost_to="competitor", reason="Tailspin was cheaper.")
    assert told["lost_to"] == "competitor"
    lost = desk.show(saved.slug).line
    assert lost.closed_why == "Contoso did not accept it by 2026-12-15. Tailspin was cheaper."
    assert desk.run(list_deals, state="lost").total == 1
    desk.run(reopen_deal, deal=saved.slug)
    assert desk.state(saved.slug) == "draft"


def test_an_accepted_offer_that_nobody_buys_is_followed_up(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    saved = desk.offer()
    desk.accept(saved.deal_id)
    desk.days_pass(date(2027, 1, 3))
    assert desk.need_codes() == []
    desk.days_pass(date(2027, 1, 4))
    assert desk.need_codes() == ["purchase_missing"]
    number = desk.needs()[0].deal_reminder_id
    desk.run(close_deal_reminder, deal_reminder_id=number, why="Cora buys it on Monday.")
    desk.days_pass(date(2027, 1, 5))
    assert desk.need_codes() == []


def test_what_microsoft_refuses_is_a_draft_again_and_says_why(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    unknown = replace(desk.deal(), customer=replace(desk.deal().customer or Customer(name=""), billing_account="1234"))
    saved = desk.offer(unknown)
    shown = desk.show(saved.slug)
    assert shown.line.state == "draft"
    assert shown.submission is not None
    assert "billing account '1234' is not known" in shown.submission.errors[0]
    assert desk.need_codes() == ["submission_refused"]
    desk.save(deal=saved.slug)
    desk.run(submit_deal, deal=saved.slug)
    assert desk.need_codes() == []
    desk.let_jobs_end()
    assert desk.state(saved.slug) == "offered"


def test_a_plan_that_microsoft_does_not_know_is_refused_before_anything_is_sent(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    saved = desk.offer(desk.deal(replace(plan_of_three_years(), plan="nowhere")))
    submission = desk.show(saved.slug).submission
    assert submission is not None
    assert submission.job_id is None
    assert "fairmile-desk/nowhere" in submission.errors[0]


def test_a_lost_answer_makes_no_second_offer(sqlite_desk: Desk) -> None:
    """The request was carried out, its answer lost: the next attempt finds the offer instead of making another."""
    desk, world = sqlite_desk, sqlite_desk.world
    saved = desk.save()
    desk.run(submit_deal, deal=saved.deal_id)
    world.do_only("deals.submit")
    with world.database.write() as session:
        row = session.get(DealRow, saved.deal_id)
        assert row is not None
        row.submission = {name: value for name, value in row.submission.items() if name != "job_id"}
    world.move(seconds=30)
    (task,) = [each for each in world.rows(TaskRow) if each.name == "deals.submit"]
    again = Task(
        id=task.id, name=task.name, key=task.key, payload=task.payload, attempts=2, customer_id=None, due_at=NOON
    )
    next(each for each in world.all_work.handlers if each.name == "deals.submit").run(again)
    assert desk.state(saved.slug) == "offered"
    found = world.http.get(f"{world.microsoft.url}/sandbox/private-offers").json()["private_offers"]
    assert [each["name"] for each in found].count("Contoso three years") == 1


def test_faults_and_missing_approvals_keep_a_deal_here(quiet_desk: Desk) -> None:
    desk = quiet_desk
    broken = desk.save(desk.deal(replace(plan_of_three_years(), agreed_total=usd("80000001"))))
    with refused("deals.faulty"):
        desk.run(submit_deal, deal=broken.slug)
    desk.run(set_approval_rules, LEAH, discount_above="15", standard_terms=["terms.pdf"])
    saved = desk.save(desk.deal(plan_of_three_years("other"), terms=(TermsDocument(file="mine.pdf"),)))
    assert desk.show(saved.slug).missing == ("discount", "terms")
    with refused("deals.approval_missing"):
        desk.run(submit_deal, deal=saved.slug)
    with refused("deals.approval_missing"):
        desk.run(record_progress, deal=saved.slug, happened="offered")
    with refused("access.not_permitted"):
        desk.run(approve_deal, DANA, deal=saved.slug, reason="discount", note="Fine.")
    with desk.world.one_entry("deal_approved") as told:
        desk.run(approve_deal, LEAH, deal=saved.slug, reason="discount", note="Strategic.", digest=saved.digest)
    assert told["reason"] == "discount"
    assert "20 % off; 15 % is free" in told["why"]
    desk.run(approve_deal, LEAH, deal=saved.slug, reason="terms", note="Checked by counsel.")
    assert desk.show(saved.slug).missing == ()

    # A comment changes no content; a moved cent takes both approvals away, and moving it back brings them back.
    text = desk.show(saved.slug).document
    desk.run(save_deal, file={"text": f"# a comment\n{text}"}, deal=saved.slug)
    assert desk.show(saved.slug).missing == ()
    changed = desk.deal(plan_of_three_years("other"), terms=(TermsDocument(file="mine.pdf"),), name="Contoso, changed")
    with desk.world.one_entry("deal_changed") as told:
        desk.save(changed, deal=saved.slug, why="A better name")
    assert told["voided"] == "Approvals taken away: 2."
    assert desk.show(saved.slug).missing == ("discount", "terms")
    with refused("deals.changed_meanwhile"):
        desk.run(approve_deal, LEAH, deal=saved.slug, reason="discount", note="Fine.", digest=saved.digest)
    assert [each.version for each in desk.show(saved.slug).versions] == [3, 2, 1]


def test_whoever_changed_a_deal_last_may_not_approve_it(quiet_desk: Desk) -> None:
    desk = quiet_desk
    owner = replace(LEAH, id="per_olivia", roles=frozenset({"owner"}))
    desk.run(set_approval_rules, owner, discount_above="15")
    saved = desk.save(by=owner)
    with refused("deals.own_approval"):
        desk.run(approve_deal, owner, deal=saved.slug, reason="discount", note="Fine.")
    desk.run(set_approval_rules, owner, discount_above="15", may_approve_own=True)
    desk.run(approve_deal, owner, deal=saved.slug, reason="discount", note="Fine.")
    assert desk.show(saved.slug).missing == ()


def test_a_change_by_somebody_else_is_noticed(quiet_desk: Desk) -> None:
    desk = quiet_desk
    saved = desk.save()
    desk.save(desk.deal(name="Another name"), deal=saved.slug, expected_digest=saved.digest)
    with refused("deals.changed_meanwhile"):
        desk.save(desk.deal(name="A third name"), deal=saved.slug, expected_digest=saved.digest)


def test_an_offer_is_withdrawn_while_nobody_has_accepted_it(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    saved = desk.offer()
    desk.run(withdraw_deal, deal=saved.slug, reason="A wrong date.")
    desk.let_jobs_end()
    line = desk.show(saved.slug).line
    assert (line.state, line.closed_why) == ("withdrawn", "A wrong date.")
    answer = desk.world.http.get(f"{desk.world.microsoft.url}/sandbox/private-offers/{desk.bare_id(saved.slug)}").json()
    assert answer["status"] == "Withdrawn"

    other = desk.offer(desk.deal(plan_of_three_years("second"), name="Second"))
    desk.accept(other.deal_id)
    with refused("deals.state_refused"):
        desk.run(withdraw_deal, deal=other.slug, reason="Too late.")


def test_a_multiparty_offer_waits_for_the_partner_and_charges_the_customer_with_its_percentage(
    sqlite_desk: Desk,
) -> None:
    desk = sqlite_desk
    saved = desk.offer(desk.multiparty())
    assert desk.state(saved.slug) == "with_partner"
    desk.days_pass(date(2026, 11, 30))
    assert desk.need_codes() == ["partner_waiting"]
    desk.world.control(f"/private-offers/{desk.bare_id(saved.slug)}/partner", markup_percentage="10.5")
    desk.do("deals.read_offers")
    assert desk.state(saved.slug) == "offered"
    desk.accept(saved.deal_id)
    assert desk.state(saved.slug) == "accepted"


def test_a_deal_entered_by_hand_is_followed_by_hand(quiet_desk: Desk) -> None:
    desk = quiet_desk
    saved = desk.save()
    desk.run(record_progress, deal=saved.slug, happened="offered", note="Entered by the sheet.")
    desk.run(record_progress, deal=saved.slug, happened="accepted")
    assert desk.state(saved.slug) == "accepted"
    with refused("deals.state_refused"):
        desk.run(record_progress, deal=saved.slug, happened="offered")


def test_a_likely_purchase_waits_for_a_person(sqlite_desk: Desk) -> None:
    """The plan is nobody's own and the purchase names no offer: only tenant, offer and days fit."""
    desk, world = sqlite_desk, sqlite_desk.world
    plan = replace(plan_of_three_years(), new_plan=None, new_plan_name=None, plan="starter", schedule=(), term_months=1)
    plan = replace(plan, agreed_total=None, discount=TEN_PERCENT, term_months=None)
    deal = desk.deal(plan, pricing=PricingKind.EXISTING_PLAN_DISCOUNT, billing_starts=None, ends=date(2027, 12, 31))
    saved = desk.save(deal)
    desk.run(record_progress, deal=saved.slug, happened="offered")
    desk.run(record_progress, deal=saved.slug, happened="accepted")
    subscription_id = world.buy_active("starter", purchaser=CORA)
    (purchase,) = desk.purchases()
    assert (purchase.deal_id, purchase.needs_person, purchase.matched_by) == (None, True, "likeness")
    assert desk.need_codes() == ["match_uncertain"]
    assert desk.state(saved.slug) == "accepted"
    with refused("access.not_permitted"):
        desk.run(confirm_purchase, SAM, subscription_id=subscription_id, deal=saved.slug)
    desk.run(confirm_purchase, subscription_id=subscription_id, deal=saved.slug)
    assert desk.state(saved.slug) == "bought"
    assert desk.need_codes() == []


def test_a_deal_has_an_owner_and_an_opportunity(quiet_desk: Desk) -> None:
    desk = quiet_desk
    saved = desk.save()
    assert desk.show(saved.slug).line.owner == "Dana"
    with desk.world.one_entry("deal_assigned"):
        desk.run(assign_deal, deal=saved.slug, owner="Sam", crm_id="OPP-7")
    with desk.world.no_entry():
        desk.run(assign_deal, deal=saved.slug, owner="Sam", crm_id="OPP-7")
    assert (desk.show(saved.slug).line.owner, desk.show(saved.slug).line.crm_id) == ("Sam", "OPP-7")
    assert desk.run(list_deals, text="opp-7").total == 1
    with refused("access.not_permitted"):
        desk.run(assign_deal, SAM, deal=saved.slug, owner="Sam")


def test_two_deals_of_one_name_have_two_addresses(quiet_desk: Desk) -> None:
    assert [quiet_desk.save().slug for _ in range(2)] == ["contoso-three-years", "contoso-three-years-2"]


def test_a_text_that_is_no_deal_is_not_kept(quiet_desk: Desk) -> None:
    with refused("deals.unreadable"):
        quiet_desk.run(save_deal, file={"text": "private_offer: {}"})
    with refused("deals.deal_not_found"):
        quiet_desk.show("nobody")
