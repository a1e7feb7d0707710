"""The desk where private offers are submitted, read, accepted and handed to the storefront.

The shell around the pure modules: one lock, the clock, what is kept. Each verb first carries out the jobs whose time
has come, in order of time. Nothing here knows HTTP.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from fairkeeper.sandbox.directory import Person
from fairkeeper.sandbox.ingestion.accounts import Accounts, BillingAccount, SellerAccount
from fairkeeper.sandbox.ingestion.errors import (
    AcceptanceError,
    AcceptorError,
    PolledTooOftenError,
    PrivateOfferUnknownError,
    ResourceError,
    SchemaError,
)
from fairkeeper.sandbox.ingestion.identifiers import guid_of
from fairkeeper.sandbox.ingestion.jobs.job import TAKES, Job
from fairkeeper.sandbox.ingestion.jobs.rules import World
from fairkeeper.sandbox.ingestion.jobs.submissions import Outcome, carry_out
from fairkeeper.sandbox.ingestion.lifecycle import Standing
from fairkeeper.sandbox.ingestion.products import Products
from fairkeeper.sandbox.ingestion.records import Document, Record
from fairkeeper.sandbox.ingestion.requests.requirements import missing_parts
from fairkeeper.sandbox.ingestion.requests.shapes import Request, read_request
from fairkeeper.sandbox.ingestion.seeding import accepted_before
from fairkeeper.sandbox.ingestion.selling import Line, lines_of, sold_by
from fairkeeper.sandbox.marketplace.market import Market
from fairkeeper.sandbox.marketplace.storage import Storage
from fairkeeper.values.clock import Clock


@dataclass(slots=True, kw_only=True)
class PrivateOfferDesk:
    """All private offers and jobs.

    Args:
        accounts: Who publishes, resells and buys.
        products: What private offers can be made for.
        market: Where accepted ones are sold.
        clock: The sandbox's clock.
        storage: Where everything is kept.
    """

    accounts: Accounts
    products: Products
    market: Market
    clock: Clock
    storage: Storage
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False)
    _records: dict[str, Record] = field(default_factory=dict, init=False, repr=False)
    _jobs: dict[str, Job] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        """Take up what was kept, and sell what was accepted."""
        self._records = dict(self.storage.load("private-offer", Record))
        self._jobs = dict(self.storage.load("ingestion-job", Job))
        if not self._records:
            self._keep_records(accepted_before(self.market.catalog, self.accounts, self.clock.now()))
        for record in self._records.values():
            if record.standing is Standing.ACCEPTED:
                self._sell(record)

    # --------------------------------------------------------------------------------------------- submitting, reading

    def submit(self, account: SellerAccount, body: Mapping[str, Any]) -> Job:
        """Take a request; its job runs by itself.

        Raises:
            SchemaError: The request does not follow its schemas.
        """
        _checked(body)
        with self._at_work() as now:
            # A copy, since what was sent is kept for the job.
            kept = json.loads(json.dumps(body))
            job = Job(id=str(uuid.uuid4()), account_id=account.id, body=kept, submitted_at=now, ends_at=now + TAKES)
            return self._keep_job(job)

    def poll(self, account: SellerAccount, job_id: str) -> Job:
        """Return a job, and remember that it was asked for.

        Raises:
            ResourceError: This account has no such job.
            PolledTooOftenError: It was asked for within the last minute.
        """
        with self._at_work() as now:
            job = self._job(account, job_id)
            if wait_seconds := job.wait_seconds(now):
                raise PolledTooOftenError(
                    f"Job {job.id} was asked about less than a minute ago.", wait_seconds=wait_seconds
                )
            return self._keep_job(replace(job, polled_at=now))

    def job(self, account: SellerAccount, job_id: str) -> tuple[Job, tuple[Record, ...]]:
        """Return a job and the private offers that came of it, as they stand now."""
        with self._at_work():
            job = self._job(account, job_id)
            return job, tuple(self._records[each] for each in job.record_ids)

    def record(self, account: SellerAccount, private_offer_id: str) -> Record:
        """Return a private offer that this account made or resells.

        Raises:
            ResourceError: There is none.
        """
        guid = guid_of(private_offer_id, "private-offer")
        found = next((each for each in self.records_of(account) if each.id == guid), None)
        if found is None:
            raise ResourceError(f"There is no private offer {private_offer_id[:80]!r} in this account.")
        return found

    def records_of(self, account: SellerAccount) -> tuple[Record, ...]:
        """Return an account's private offers, and those shared with it, oldest first."""
        return tuple(
            each
            for each in self.records()
            if each.account_id == account.id
            or (each.partner_account_id == account.id and each.standing not in {Standing.DRAFT, Standing.WITHDRAWN})
        )

    def price(self, account: SellerAccount, durable_id: str) -> Document:
        """Return a price resource that was given with a private offer.

        Raises:
            ResourceError: There is none.
        """
        for record in self.records_of(account):
            if durable_id in record.prices:
                return record.prices[durable_id]
        raise ResourceError(f"There is no price {durable_id[:120]!r} in this account.")

    # ------------------------------------------------------------------------------------------- the customer's side

    def records(self) -> tuple[Record, ...]:
        """Return all private offers that were not deleted, oldest first."""
        with self._at_work():
            return tuple(each for each in self._records.values() if each.standing is not Standing.DELETED)

    def find(self, private_offer_id: str) -> Record:
        """Return a private offer by its GUID or durable id.

        Raises:
            PrivateOfferUnknownError: There is none.
        """
        guid = guid_of(private_offer_id, "private-offer")
        found = next((each for each in self.records() if each.id == guid), None)
        if found is None:
            raise PrivateOfferUnknownError(f"There is no private offer {private_offer_id[:80]!r}.")
        return found

    def customer_of(self, record: Record) -> BillingAccount | None:
        """Return the billing account that a private offer is for."""
        return self.accounts.billing_account(record.beneficiary_id or "")

    def lines(self, record: Record) -> tuple[Line, ...]:
        """Return what a private offer holds for its customer; nothing while it has no customer."""
        customer = self.customer_of(record)
        return () if customer is None else lines_of(record, self.products, customer)

    def accept(self, private_offer_id: str, person: Person) -> Record:
        """Accept for the customer; from now on it can be bought.

        Raises:
            AcceptorError: The person may not accept for this billing account.
            AcceptanceError: It is not open for acceptance, or its last day has passed.
        """
        with self._at_work() as now:
            record = self.find(private_offer_id)
            customer = self.customer_of(record)
            if customer is None or person.object_id not in customer.acceptors:
                named = customer.id if customer else "of this offer"
                raise AcceptorError(f"{person.email} may not accept private offers for billing account {named}.")
            if record.standing is Standing.ACCEPTED:
                raise AcceptanceError(
                    f"{record.offer.name!r} was accepted by {record.accepted_by} already.", remedy="Buy its plans now."
                )
            if record.standing is not Standing.WITH_CUSTOMER:
                raise AcceptanceError(f"{record.offer.name!r} is {record.standing.value} and not open for acceptance.")
            if record.accept_by is not None and now.date() > record.accept_by:
                raise AcceptanceError(f"{record.offer.name!r} had to be accepted by {record.accept_by}.")
            accepted = replace(
                record,
                standing=Standing.ACCEPTED,
                accepted_by=person.email,
                accepted_at=now,
                modified_at=now,
                revision=record.revision + 1,
            )
            self._keep_records([accepted])
            self._sell(accepted)
            return accepted

    def act_as(self, account: SellerAccount, body: Mapping[str, Any]) -> Outcome:
        """Carry out a request at once, as the person does who sits before Partner Center.

        Raises:
            SchemaError: The request does not follow its schemas.
        """
        request = _checked(body)
        with self._at_work() as now:
            outcome = carry_out(request, account, self._world(now), job_id=str(uuid.uuid4()), at=now)
            self._keep_records(outcome.records)
            return outcome

    # ------------------------------------------------------------------------------------------------------- inside

    @contextmanager
    def _at_work(self) -> Iterator[datetime]:
        with self._lock:
            now = self.clock.now()
            due = [each for each in self._jobs.values() if not each.is_done and each.ends_at <= now]
            for job in sorted(due, key=lambda each: each.ends_at):
                self._carry_out(job)
            yield now

    def _carry_out(self, job: Job) -> None:
        account = next(each for each in self.accounts.sellers if each.id == job.account_id)
        outcome = carry_out(_checked(job.body), account, self._world(job.ends_at), job_id=job.id, at=job.ends_at)
        self._keep_records(outcome.records)
        self._keep_job(
            replace(
                job,
                is_done=True,
                errors=outcome.errors,
                record_ids=tuple(each.id for each in outcome.records),
                has_deleted=any(each.standing is Standing.DELETED for each in outcome.records),
            )
        )

    def _world(self, now: datetime) -> World:
        return World(
            accounts=self.accounts, products=self.products, records=tuple(self._records.values()), today=now.date()
        )

    def _sell(self, record: Record) -> None:
        customer = self.customer_of(record)
        for line in self.lines(record):
            if customer is not None and line.is_sold_here:
                plan, private = sold_by(record, line, customer)
                self.market.sell_privately(line.product.external_id, plan, private)

    def _job(self, account: SellerAccount, job_id: str) -> Job:
        job = self._jobs.get(job_id.lower())
        if job is None or job.account_id != account.id:
            raise ResourceError(f"There is no job {job_id[:80]!r} in this account.")
        return job

    def _keep_job(self, job: Job) -> Job:
        self._jobs[job.id] = job
        self.storage.put("ingestion-job", [(job.id, job)])
        return job

    def _keep_records(self, records: list[Record] | tuple[Record, ...]) -> None:
        self._records.update({each.id: each for each in records})
        self.storage.put("private-offer", [(each.id, each) for each in records])


def _checked(body: Mapping[str, Any]) -> Request:
    """Return a request that follows its schemas.

    Raises:
        SchemaError: It does not.
    """
    request = read_request(body)
    if not isinstance(request, Request):
        raise SchemaError(request)
    if faults := missing_parts(request):
        raise SchemaError(faults)
    return request
