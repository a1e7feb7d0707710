"""The room of deals as background work: each handler asks Microsoft, then runs one operation.

A remote effect is never inside a command: a command records the wish and plants the task, the handler here calls, and a
second command records the answer. A handler that is repeated finds what the first attempt did, by reading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import Operation, OperationInput
from fairkeeper.action.outside import EverythingManaged, OutsideWrites
from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call, Runner
from fairkeeper.customers.path.lifecycle import CommercialStatus
from fairkeeper.customers.store import load_subscription
from fairkeeper.customers.tables import SubscriptionRow
from fairkeeper.database.tasks import NewTask, Task, enqueue
from fairkeeper.deals.actions import follow_calendar, follow_offer, import_deals, match_purchase, submit_deal
from fairkeeper.deals.book.calendar import needs_now, passing
from fairkeeper.deals.book.lifecycle import AT_MICROSOFT, DealState, Step, step, step_told
from fairkeeper.deals.book.store import charges_of_deals, deal_of, facts_of, load_deal
from fairkeeper.deals.book.tables import DealPurchaseRow, DealReminderRow, DealRow
from fairkeeper.deals.deal import Deal, DealKind
from fairkeeper.deals.errors import PayloadRefusedError
from fairkeeper.deals.files.writing import write_deal
from fairkeeper.deals.ports import Document, PrivateOffers
from fairkeeper.deals.submission.comparing import differences
from fairkeeper.deals.submission.json_schema import check_payload
from fairkeeper.deals.submission.payload import make_payload, make_state_change
from fairkeeper.deals.submission.payload_reading import read_payload, unread_parts
from fairkeeper.deals.submission.schema import PayloadSchema, ResourceIds
from fairkeeper.errors import DeniedError, InvalidError, NotFoundError
from fairkeeper.jobs.handler import Handler, RetryRule, Schedule, Work
from fairkeeper.values.ids import SubscriptionId

_PATIENT: Final = RetryRule(first_seconds=5, factor=2, ceiling_seconds=900, attempts=60)
_POLLED_EVERY: Final = timedelta(minutes=1)
_MOST_POLLS: Final = 600
_SHOWN: Final = 300
TAKEN_OVER: Final = "taken over"


@dataclass(frozen=True, slots=True, kw_only=True)
class DealsSettings:
    """What the payload is made by.

    Args:
        schema: Versions and names of Microsoft's schemas.
        schema_folder: Microsoft's own schema files, if the publisher has them.
    """

    schema: PayloadSchema
    schema_folder: Path | None = None


class DealsWork:
    """The handlers, with whom they call.

    Args:
        runner: Runs the operations.
        offers: Microsoft's product ingestion API.
        settings: What the payload is made by.
        outside: Whether anything may be changed at Microsoft.
    """

    def __init__(
        self, runner: Runner, offers: PrivateOffers, settings: DealsSettings, outside: OutsideWrites | None = None
    ) -> None:
        self._outside = outside or EverythingManaged()
        self._runner = runner
        self._offers = offers
        self._settings = settings

    def work(self) -> Work:
        """Return the handlers and schedules of this room."""
        return Work(
            handlers=(
                Handler(name="deals.submit", run=self.submit, retry=_PATIENT),
                Handler(name="deals.poll_job", run=self.poll_job, retry=_PATIENT),
                Handler(name="deals.read_offer", run=self.read_offer, retry=_PATIENT),
                Handler(name="deals.read_offers", run=self.read_offers, retry=_PATIENT),
                Handler(name="deals.import_offers", run=self.import_offers, retry=_PATIENT),
                Handler(name="deals.match_purchase", run=self.match_purchase),
                Handler(name="deals.match_all", run=self.match_all),
                Handler(name="deals.follow_calendar", run=self.follow_calendar),
            ),
            schedules=(Schedule(name="deals.follow_calendar", every=timedelta(hours=1)),),
        )

    def schedules_at_microsoft(self) -> tuple[Schedule, ...]:
        """Return the schedules that ask Microsoft, for an installation that can."""
        return (Schedule(name="deals.read_offers", every=timedelta(minutes=15)),)

    # ------------------------------------------------------------------------------------------------------ submitting

    def submit(self, task: Task) -> None:
        """Hand a deal, or its withdrawal, to Microsoft, once; what Microsoft will never take is told at once."""
        deal_id, wish_id = str(task.payload["deal_id"]), str(task.payload["wish_id"])
        with self._runner.database.read() as session:
            row = load_deal(session, deal_id)
            wish, deal, offer_id = dict(row.submission), deal_of(row), row.private_offer_id
        if wish.get("wish_id") != wish_id or wish.get("job_id") or wish.get("ended_at"):
            return
        if task.attempts > 1 and offer_id is None and self._adopt(deal_id, deal):
            return  # the first attempt was carried out, and only its answer was lost
        try:
            payload = self._payload(deal, wish, offer_id)
            faults = check_payload(payload, self._settings.schema, self._settings.schema_folder)
            if faults.has_errors:
                self._failed(deal_id, wish_id, [each.message for each in faults])
                return
            self._outside.allow(f"submitted the deal {deal.name}", key=wish_id)
            job_id = self._offers.submit(payload["resources"])
        except (InvalidError, NotFoundError, DeniedError) as error:
            self._failed(deal_id, wish_id, [error.message])
            return
        request = submit_deal.RecordSubmission(deal_id=deal_id, wish_id=wish_id, job_id=job_id)
        self._run(submit_deal.record_submission, request)

    def _payload(self, deal: Deal, wish: Mapping[str, Any], offer_id: str | None) -> dict[str, Any]:
        state = str(wish.get("state", "live"))
        if state == "withdrawn":
            ids = ResourceIds(products={}, plans={}, private_offer=_durable(offer_id))
            return make_state_change(deal, ids, self._settings.schema, state)
        ids = self._ids(deal, wish.get("document_urls") or {}, offer_id)
        return make_payload(deal, ids, self._settings.schema, state=state)

    def _ids(self, deal: Deal, urls: Mapping[str, str], offer_id: str | None) -> ResourceIds:
        """Ask Microsoft for the durable ids of what a deal names."""
        wanted = {plan.offer for plan in deal.plans}
        products = {name: str(each["id"]) for each in self._offers.list_products().documents if (name := _named(each))}
        plans = {
            (offer, name): str(each["id"])
            for offer, product in products.items()
            if offer in wanted
            for each in self._offers.list_plans(product).documents
            if (name := _named(each))
        }
        return ResourceIds(products=products, plans=plans, document_urls=dict(urls), private_offer=_durable(offer_id))

    def _adopt(self, deal_id: str, deal: Deal) -> bool:
        """Find what an attempt made whose answer never came: an offer of this name that no deal here is."""
        with self._runner.database.read() as session:
            known = {each for each in session.scalars(select(DealRow.private_offer_id)) if each}
        for each in self._offers.list_private_offers().documents:
            found = str(each.get("id", ""))
            if each.get("name") == deal.name and found and _bare(found) not in {_bare(one) for one in known}:
                self._read(deal_id, found)
                return True
        return False

    def _failed(self, deal_id: str, wish_id: str, messages: Sequence[str]) -> None:
        told = tuple(message[:_SHOWN] for message in messages[:50])
        request = submit_deal.RecordJobFailed(deal_id=deal_id, wish_id=wish_id, messages=told)
        self._run(submit_deal.record_job_failed, request)

    def poll_job(self, task: Task) -> None:
        """Ask how far a job is; one that still runs is asked about again in a minute."""
        payload = task.payload
        deal_id, wish_id, job_id = (str(payload[name]) for name in ("deal_id", "wish_id", "job_id"))
        with self._runner.database.read() as session:
            row = load_deal(session, deal_id)
            wish, known_id = dict(row.submission), row.private_offer_id
        if wish.get("wish_id") != wish_id or wish.get("ended_at"):
            return
        status = self._offers.job_status(job_id)
        if str(status.get("jobStatus", "")).lower() != "completed":
            self._poll_later(task, int(payload["times"]) + 1)
            return
        if str(status.get("jobResult", "")).lower() != "succeeded":
            errors = [each for each in status.get("errors") or () if isinstance(each, dict)]
            told = [f"{each.get('code', 'Error')}: {each.get('message', 'no reason given')}" for each in errors]
            self._failed(deal_id, wish_id, told or ["The job failed, and Microsoft gave no reason."])
            return
        offers = [each for each in self._offers.read_job(job_id) if "privateOfferType" in each]
        found = next((str(each["id"]) for each in offers if each.get("id")), known_id)
        if found is None:
            self._failed(deal_id, wish_id, ["The job succeeded, and names no private offer."])
            return
        self._read(deal_id, found)

    def _poll_later(self, task: Task, times: int) -> None:
        if times > _MOST_POLLS:
            message = "Microsoft has not ended the job for hours; ask its support, and do not submit again."
            self._failed(str(task.payload["deal_id"]), str(task.payload["wish_id"]), [message])
            return
        now = self._runner.clock.now()
        again = NewTask(
            name="deals.poll_job",
            key=f"{task.payload['job_id']}:{times}",
            due_at=now + _POLLED_EVERY,
            payload={**task.payload, "times": times},
        )
        with self._runner.database.write() as session:
            enqueue(session, again, now=now)

    # --------------------------------------------------------------------------------------------------------- reading

    def read_offer(self, task: Task) -> None:
        """Read one private offer again and follow it."""
        deal_id = str(task.payload["deal_id"])
        with self._runner.database.read() as session:
            offer_id = load_deal(session, deal_id).private_offer_id
        if offer_id is not None:
            self._read(deal_id, offer_id)

    def read_offers(self, _task: Task) -> None:
        """Read the list of all private offers, and those anew whose state is another than we hold."""
        states = [state.value for state in AT_MICROSOFT]
        with self._runner.database.read() as session:
            rows = session.scalars(
                select(DealRow).where(DealRow.state.in_(states), DealRow.private_offer_id.is_not(None))
            )
            waiting = {_bare(row.private_offer_id or ""): (row.deal_id, row.state) for row in rows}
        if not waiting:
            return
        for each in self._offers.list_private_offers().documents:
            deal_id, state = waiting.get(_bare(str(each.get("id", ""))), ("", ""))
            if deal_id and _has_moved(state, each):
                self._read(deal_id, str(each["id"]))

    def _read(self, deal_id: str, offer_id: str) -> None:
        with self._runner.database.read() as session:
            row = load_deal(session, deal_id)
            deal, urls = deal_of(row), dict(row.submission.get("document_urls") or {})
        resources = self._offers.read_private_offer_with_prices(offer_id)
        offer = resources[-1]
        links = [each.get("link") for each in offer.get("acceptanceLinks") or () if isinstance(each, dict)]
        places, is_compared = self._compared(deal, urls, resources)
        request = follow_offer.RecordReading(
            deal_id=deal_id,
            private_offer_id=str(offer.get("id") or offer_id)[:80],
            state=str(offer.get("state", ""))[:40],
            sub_state=str(offer["subState"])[:40] if offer.get("subState") else None,
            links=tuple(str(link)[:2_000] for link in links if link),
            differences=tuple(place[:_SHOWN] for place in places),
            is_compared=is_compared,
        )
        self._run(follow_offer.record_reading, request)

    def _compared(
        self, deal: Deal, urls: Mapping[str, str], resources: Sequence[Document]
    ) -> tuple[tuple[str, ...], bool]:
        """Hold Microsoft's copy against ours; one that cannot be read is said to be so, and not to be the same."""
        try:
            read = read_payload({"resources": list(resources)}, self._ids(deal, urls, None), self._settings.schema)
        except PayloadRefusedError as error:
            return (f"It cannot be read: {error.message}",), True
        return differences(deal, read), True

    # --------------------------------------------------------------------------------------------------- taking over

    def import_offers(self, task: Task) -> None:
        """Read every private offer of the account and take it over; what cannot be read is named with the reason."""
        import_id = str(task.payload["import_id"])
        ids = self._all_ids()
        results, saved = [], 0
        listed = self._offers.list_private_offers()
        for each in listed.documents:
            name, offer_id = str(each.get("name") or "a private offer"), str(each.get("id", ""))
            told = self._take_over(import_id, offer_id, ids)
            saved += told == TAKEN_OVER
            results.append(f"{name[:100]}: {told}"[:_SHOWN])
        if not listed.is_complete:
            results.append("Microsoft's list had no end; not all of it was read.")
        request = import_deals.FinishImport(import_id=import_id, results=tuple(results[:5_000]), saved=saved)
        self._run(import_deals.finish_import, request)

    def _take_over(self, import_id: str, offer_id: str, ids: ResourceIds) -> str:
        try:
            resources = self._offers.read_private_offer_with_prices(offer_id)
            deal = read_payload({"resources": list(resources)}, ids, self._settings.schema)
        except (PayloadRefusedError, NotFoundError) as error:
            return f"not read: {error.message}"
        offer = resources[-1]
        state = _state_of(offer, is_for_customer=deal.kind is not DealKind.CSP)
        if state is None:
            return f"not read: its state is {str(offer.get('state'))[:40]}"
        links = [each.get("link") for each in offer.get("acceptanceLinks") or () if isinstance(each, dict)]
        text = import_deals.ImportedText(
            text=write_deal(deal), state=state, private_offer_id=offer_id[:80], unread=unread_parts(resources)
        )
        request = import_deals.TakeOverOffer(
            import_id=import_id, offer=text, links=tuple(str(link)[:2_000] for link in links if link)
        )
        shown: import_deals.ImportShown = self._run(import_deals.take_over_offer, request)
        return shown.results[0].rpartition(": ")[2]

    def _all_ids(self) -> ResourceIds:
        products = {name: str(each["id"]) for each in self._offers.list_products().documents if (name := _named(each))}
        plans = {
            (offer, name): str(each["id"])
            for offer, product in products.items()
            for each in self._offers.list_plans(product).documents
            if (name := _named(each))
        }
        return ResourceIds(products=products, plans=plans)

    # ----------------------------------------------------------------------------------------------- buying, calendars

    def match_purchase(self, task: Task) -> None:
        """Find the deal behind one subscription."""
        with self._runner.database.read() as session:
            request = _bought(load_subscription(session, SubscriptionId(task.payload["subscription_id"])))
        if request is not None:
            self._run(match_purchase.match_purchase, request)

    def match_all(self, _task: Task) -> None:
        """Look through the subscriptions that came from no deal yet, because a deal is there now that was not."""
        with self._runner.database.read() as session:
            requests = [_bought(row) for row in _unmatched(session)]
        for request in requests:
            if request is not None:
                self._run(match_purchase.match_purchase, request)

    def follow_calendar(self, _task: Task) -> None:
        """Let the day do its work on every deal with which it has any."""
        today = self._runner.clock.now().date()
        with self._runner.database.read() as session:
            due = [row.deal_id for row in _moved_by(session, today)]
        for deal_id in due:
            self._run(follow_calendar.follow_calendar, follow_calendar.FollowCalendar(deal_id=deal_id))

    def _run(self, operation: Operation, request: OperationInput) -> Any:
        return self._runner.run(operation, request, Call(principal=system(operation.name.rpartition(".")[2])))


def plant_match(runner: Runner, subscription_id: str, task: Task) -> None:
    """Have the deal behind a purchase looked for, now that Microsoft has said through which offers it came."""
    now = runner.clock.now()
    look = NewTask(
        name="deals.match_purchase",
        key=f"{task.key}:{now.isoformat()}",
        due_at=now,
        payload={"subscription_id": subscription_id},
        customer_id=task.customer_id,
    )
    with runner.database.write() as session:
        enqueue(session, look, now=now)


def _bought(row: SubscriptionRow) -> match_purchase.MatchPurchase | None:
    """Return a subscription as the room of deals takes it; None while its offer or plan is not known."""
    if not row.offer_id or not row.plan_id or row.customer_id is None:
        return None
    return match_purchase.MatchPurchase(
        customer_id=row.customer_id,
        subscription_id=row.subscription_id,
        offer_id=row.offer_id,
        plan_id=row.plan_id,
        purchaser_tenant_id=row.purchaser_tenant_id or "",
        bought_on=(row.bought_at or row.read_at).date(),
        source_offer_ids=tuple(row.private_offer_ids),
    )


def _unmatched(session: Session) -> list[SubscriptionRow]:
    matched = select(DealPurchaseRow.subscription_id)
    return list(
        session.scalars(
            select(SubscriptionRow)
            .where(
                SubscriptionRow.subscription_id.not_in(matched),
                SubscriptionRow.status != CommercialStatus.UNSUBSCRIBED.value,
            )
            .order_by(SubscriptionRow.subscription_id)
        )
    )


def _moved_by(session: Session, today: date) -> list[DealRow]:
    """Return the deals that the day changes, or asks somebody about, or no longer does."""
    states = [DealState.WITH_PARTNER, DealState.OFFERED, DealState.ACCEPTED, DealState.BOUGHT]
    reminders = session.execute(
        select(DealReminderRow.deal_id, DealReminderRow.code, DealReminderRow.key, DealReminderRow.due_on).where(
            DealReminderRow.code.in_(follow_calendar.BY_CALENDAR), DealReminderRow.closed_at.is_(None)
        )
    )
    raised: dict[str, set[tuple[Any, ...]]] = {}
    for deal_id, *told in reminders:
        raised.setdefault(deal_id, set()).add(tuple(told))
    rows = session.scalars(
        select(DealRow).where(DealRow.state.in_([each.value for each in states]) | DealRow.deal_id.in_(list(raised)))
    ).all()
    charges = charges_of_deals(session, [row.deal_id for row in rows])
    found = []
    for row in rows:
        facts = facts_of(row, charges.get(row.deal_id, []))
        needed = {(need.finding.code, need.key, need.due_on) for need in needs_now(facts, today)}
        if passing(facts, today) is not None or needed != raised.get(row.deal_id, set()):
            found.append(row)
    return found


def _has_moved(state: str, document: Document) -> bool:
    """Say whether Microsoft's word is another than the state that we hold."""
    sub_state = document.get("subState")
    happened = step_told(str(document.get("state", "")), str(sub_state) if sub_state else None)
    following = step(DealState(state), happened) if happened else None
    return following is not None and following.value != state


def _state_of(offer: Document, *, is_for_customer: bool) -> DealState | None:
    """Return how far an offer is that was never a draft here; whether it was bought is looked for afterwards."""
    sub_state = offer.get("subState")
    happened = step_told(
        str(offer.get("state", "")), str(sub_state) if sub_state else None, is_for_customer=is_for_customer
    )
    by_step = {
        Step.DRAFTED: DealState.DRAFT,
        Step.SHARED: DealState.WITH_PARTNER,
        Step.OFFERED: DealState.OFFERED,
        Step.ACCEPTED: DealState.ACCEPTED,
        Step.WITHDRAWN: DealState.WITHDRAWN,
    }
    return by_step.get(happened) if happened else None


def _named(document: Document) -> str:
    identity = document.get("identity")
    return str(identity.get("externalId", "")) if isinstance(identity, dict) else ""


def _durable(offer_id: str | None) -> str | None:
    return None if offer_id is None else f"private-offer/{_bare(offer_id)}"


def _bare(offer_id: str) -> str:
    return offer_id.strip().lower().removeprefix("private-offer/")
