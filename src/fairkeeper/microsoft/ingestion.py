"""The product ingestion API: private offers submitted and read, products and plans listed, prices read.

Documents go in and come out as Microsoft has them; what they mean for a deal is decided in the room of deals.
Microsoft's errors are translated here, once. A job's status is asked for at most once a minute, as the page demands,
whoever asks.

Source: Microsoft Learn, "Private offers submission API overview"; "Job status and retrieve private offer detail via
API"; "Create a direct ISV to customer private offer". Never run against the live service.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import httpx

from fairkeeper.microsoft.identity import TokenSource
from fairkeeper.microsoft.ingestion_answers import (
    GUID,
    Document,
    DocumentList,
    IngestionVersions,
    checked_guid,
    objects_of,
    refusal_of,
)
from fairkeeper.microsoft.ingestion_errors import (
    IngestionBusyError,
    IngestionFaultError,
    IngestionUnknownError,
    JobAskedTooSoonError,
    JobUnfinishedError,
)
from fairkeeper.microsoft.ingestion_transport import IngestionRequest, IngestionResponse, IngestionTransport
from fairkeeper.microsoft.marketplace_transport import Patience
from fairkeeper.values.clock import Clock, SystemClock

GRAPH_RESOURCE: Final = "https://graph.microsoft.com"
"""The resource that tokens for this API are for."""
INGESTION_BASE_URL: Final = f"{GRAPH_RESOURCE}/rp/product-ingestion"
POLLED_EVERY: Final = timedelta(minutes=1)
_SCHEMA_HOST: Final = "https://schema.mp.microsoft.com/schema"
_PRICE: Final = "price-and-availability-private-offer-plan"
_MOST_PAGES: Final = 1_000
_PRICE_ID: Final = re.compile(rf"{_PRICE}/[0-9A-Za-z-]{{1,64}}/[0-9A-Za-z-]{{1,64}}")


class IngestionClient:
    """Microsoft's product ingestion API for one account at Partner Center.

    Safe between threads if its token source and HTTP client are.

    Args:
        base_url: Up to and without `/configure`; `INGESTION_BASE_URL` for Microsoft's own.
        token_source: The application that is associated with the account; its token for `GRAPH_RESOURCE`.
        http: Sends the requests; closing it is its owner's business.
        versions: Which schemas are spoken.
        patience: How long to wait for one answer.
        clock: For the minute between two questions about a job, and a Retry-After that is a date.

    Raises:
        AddressRefusedError: The base is neither https nor this machine.
    """

    def __init__(  # noqa: PLR0913 - three to reach Microsoft, three with defaults
        self,
        base_url: str,
        token_source: TokenSource,
        http: httpx.Client,
        *,
        versions: IngestionVersions | None = None,
        patience: Patience | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._transport = IngestionTransport(base_url, token_source, http, patience=patience, clock=self._clock)
        self._versions = versions or IngestionVersions()
        self._lock = threading.Lock()
        self._asked_at: dict[str, datetime] = {}

    # ------------------------------------------------------------------------------------------------------------ jobs

    def submit(self, resources: Sequence[Mapping[str, Any]]) -> str:
        """Ask Microsoft to configure resources and return the id of the job that does it.

        Args:
            resources: Private offers and their prices; amounts are integers or decimals, never floats.

        Raises:
            IngestionRefusedError: The schema was not followed.
            IngestionAccessRefusedError, IngestionUnavailableError, IngestionFaultError: as the errors say; with
                `outcome_unknown` in the detail a job may be running.
        """
        body = {"$schema": f"{_SCHEMA_HOST}/configure/{self._versions.configure}", "resources": list(resources)}
        response = self._call("submit", "/configure", self._versions.configure, body=body)
        job_id = response.document.get("jobId")
        if isinstance(job_id, str) and GUID.fullmatch(job_id):
            return job_id.lower()
        raise IngestionFaultError(
            "Microsoft's answer to submit names no job.", detail={**response.about, "outcome_unknown": True}
        )

    def job_status(self, job_id: str) -> Document:
        """Ask once how far a job is; a failed job is an answer like any other.

        Raises:
            JobAskedTooSoonError: We asked less than a minute ago; `retry_after_seconds` stands in the detail.
            IngestionUnknownError: There is no such job.
        """
        path = f"/configure/{checked_guid(job_id, 'job')}/status"
        self._begin_asking(job_id.lower())
        return self._call("job_status", path, self._versions.configure).document

    def wait_for_job(
        self,
        job_id: str,
        *,
        longest_seconds: float = 1_800,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Document:
        """Ask once a minute until a job is completed, and return its last status.

        Args:
            job_id: Which.
            longest_seconds: After this long by the clock we stop waiting.
            sleep: Waits so many seconds.

        Raises:
            JobUnfinishedError: The job still ran when we stopped.
        """
        ends_at = self._clock.now() + timedelta(seconds=longest_seconds)
        status = "not asked"
        while True:
            try:
                document = self.job_status(job_id)
                status = str(document.get("jobStatus", "")).lower()
                wait_seconds = POLLED_EVERY.total_seconds()
            except (JobAskedTooSoonError, IngestionBusyError) as error:
                document = {}
                wait_seconds = float(error.detail.get("retry_after_seconds", POLLED_EVERY.total_seconds()))
            if status == "completed":
                return document
            if self._clock.now() + timedelta(seconds=wait_seconds) > ends_at:
                raise JobUnfinishedError(
                    f"Job {job_id} is {status} after {longest_seconds:g} seconds.", detail={"job_id": job_id}
                )
            sleep(wait_seconds)

    def read_job(self, job_id: str) -> tuple[Document, ...]:
        """Read the resources of a job: the private offers that came of it, and the prices given with them.

        Raises:
            IngestionUnknownError: There is no such job.
        """
        response = self._call("read_job", f"/configure/{checked_guid(job_id, 'job')}", self._versions.private_offer)
        # The page of 2022 shows an envelope around the resources, the one of 2023 a private offer alone.
        if "resources" not in response.document and "privateOfferType" in response.document:
            return (response.document,)
        return objects_of(response, "resources")

    # -------------------------------------------------------------------------------------------------- private offers

    def read_private_offer(self, private_offer_id: str) -> Document:
        """Read a private offer by its GUID or durable id; its prices are named by their durable ids.

        Raises:
            IngestionUnknownError: There is none.
        """
        path = f"/private-offer/{checked_guid(private_offer_id, 'private-offer')}"
        return self._call("read_private_offer", path, self._versions.private_offer).document

    def read_private_offer_with_prices(self, private_offer_id: str) -> tuple[Document, ...]:
        """Read a private offer with its prices, joined by name as in a request that would configure it; it comes last.

        Raises:
            IngestionUnknownError: There is no such offer, or one of its prices is gone.
        """
        offer = self.read_private_offer(private_offer_id)
        prices: dict[str, Document] = {}
        for rows in ("pricing", "originatorPricing"):
            listed = offer.get(rows)
            if isinstance(listed, list):
                offer = {**offer, rows: [self._joined(row, prices) for row in listed]}
        return (*prices.values(), offer)

    def _joined(self, row: object, prices: dict[str, Document]) -> object:
        details = row.get("priceDetails") if isinstance(row, dict) else None
        if not isinstance(row, dict) or not isinstance(details, str):
            return row
        if details not in prices:
            price = self.read_price(details)
            prices[details] = {"resourceName": f"price-{len(prices)}", **price}
        return {**row, "priceDetails": {"resourceName": prices[details]["resourceName"]}}

    def list_private_offers(self) -> DocumentList:
        """Read all pages of all private offers, those shared by an originator too."""
        return self._list("list_private_offers", "/private-offer/query", self._versions.private_offer)

    # ------------------------------------------------------------------------------------------------ what can be sold

    def list_products(self) -> DocumentList:
        """Read all products; `identity.externalId` is the offer id of the fulfillment API."""
        return self._list("list_products", "/product", self._versions.catalog)

    def list_plans(self, product_id: str) -> DocumentList:
        """Read the plans of a product; `identity.externalId` is the plan id of the fulfillment API.

        Raises:
            IngestionUnknownError: There is no such product.
        """
        product = f"product/{checked_guid(product_id, 'product')}"
        return self._list("list_plans", "/plan", self._versions.catalog, {"product": product})

    def read_public_price(self, product_id: str, plan_id: str) -> Document:
        """Read the price of a public plan, to be edited and sent with a private offer.

        Args:
            product_id: `product/{guid}` or the GUID.
            plan_id: `plan/{product}/{plan}`.

        Raises:
            IngestionUnknownError: There is no such product or plan.
        """
        path = f"/{_PRICE}/{checked_guid(product_id, 'product')}"
        return self._call("read_public_price", path, self._versions.price, {"plan": plan_id}).document

    def read_price(self, price_id: str) -> Document:
        """Read a price that was given with a private offer, by its durable id.

        Raises:
            IngestionUnknownError: There is none.
        """
        if not _PRICE_ID.fullmatch(price_id):
            raise IngestionUnknownError(f"{price_id[:120]!r} is no id of a price.")
        return self._call("read_price", f"/{price_id}", self._versions.price).document

    # ---------------------------------------------------------------------------------------------------------- inside

    def _begin_asking(self, job_id: str) -> None:
        now = self._clock.now()
        with self._lock:
            recent = {job: at for job, at in self._asked_at.items() if at <= now < at + POLLED_EVERY}
            if job_id in recent:
                left = (recent[job_id] + POLLED_EVERY - now).total_seconds()
                raise JobAskedTooSoonError(
                    f"Job {job_id} was asked about less than a minute ago.",
                    detail={"retry_after_seconds": int(left) + 1, "outcome_unknown": False},
                )
            self._asked_at = {**recent, job_id: now}

    def _list(self, name: str, path: str, version: str, query: Mapping[str, str] | None = None) -> DocumentList:
        """Read all pages; the link's query is taken and never its host, so that our token stays with ours."""
        asked: dict[str, str] = dict(query or {})
        found: list[Document] = []
        seen: set[str] = set()
        for _ in range(_MOST_PAGES):
            response = self._call(name, path, version, asked)
            found += objects_of(response, "value")
            link = response.document.get("@nextLink")
            if not isinstance(link, str) or not link.strip():
                return DocumentList(documents=tuple(found))
            if link in seen:
                break  # the pages run in a circle
            seen.add(link)
            asked = {**(query or {}), **dict(parse_qsl(urlsplit(link).query))}
        return DocumentList(documents=tuple(found), is_complete=False)

    def _call(
        self,
        name: str,
        path: str,
        version: str,
        query: Mapping[str, str] | None = None,
        *,
        body: Mapping[str, Any] | None = None,
    ) -> IngestionResponse:
        request = IngestionRequest(name=name, path=path, version=version, query=query or {}, body=body)
        response = self._transport.send(request)
        if 200 <= response.status < 300:
            return response
        raise refusal_of(request, response)
