"""A publisher and a channel partner at the pretend product ingestion API, and requests as Microsoft's pages show them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairkeeper.sandbox.directory import FULFILLMENT_APP_ID, PUBLISHER_TENANT_ID
from fairkeeper.sandbox.entra.resources import GRAPH_URI
from fairkeeper.sandbox.ingestion.accounts import PARTNER_APP_ID
from fairkeeper.sandbox.ingestion.identifiers import durable_plan_id, product_id
from tests.contracts.sandbox_stage import Stage, sandbox

CONFIGURE = "https://schema.mp.microsoft.com/schema/configure/2022-07-01"
OFFER = "https://schema.mp.microsoft.com/schema/private-offer/2023-07-15"
PRICE = "https://schema.mp.microsoft.com/schema/price-and-availability-private-offer-plan/2023-07-15"
DESK, ASSISTANT = product_id("fairmile-desk"), product_id("fairmile-assistant")
APPLIANCE, ONBOARDING = product_id("fairmile-appliance"), product_id("fairmile-onboarding")
BUSINESS = durable_plan_id("fairmile-desk", "business")
ENTERPRISE = durable_plan_id("fairmile-desk", "enterprise")
STARTER = durable_plan_id("fairmile-desk", "starter")
TRIAL = durable_plan_id("fairmile-desk", "trial")
TEAM = durable_plan_id("fairmile-assistant", "team")
MACHINE = durable_plan_id("fairmile-appliance", "standard")
LITWARE = "61000002"
SEEDED = "5d0c3f0e-6a5f-4c38-9b8e-0f5b6f0f3a01"


@dataclass
class Ingestion:
    """Calls the API as one of its accounts."""

    stage: Stage
    app_id: str = FULFILLMENT_APP_ID
    tenant_id: str = PUBLISHER_TENANT_ID

    @property
    def token(self) -> str:
        found: str = self.stage.client.app.state.entra.issue_app_token(  # type: ignore[attr-defined]
            tenant_id=self.tenant_id, audience=GRAPH_URI, client_id=self.app_id
        )
        return found

    def call(self, method: str, path: str, *, version: str | None = "2023-07-15", **options: Any) -> Any:
        headers = {"authorization": f"Bearer {options.pop('token', None) or self.token}"}
        params = {**({"$version": version} if version else {}), **options.pop("params", {})}
        root = "/ingestion/rp/product-ingestion"
        return self.stage.client.request(method, f"{root}/{path}", headers=headers, params=params, **options)

    def read(self, path: str, *, version: str = "2023-07-15", **params: str) -> dict[str, Any]:
        answer = self.call("GET", path, version=version, params=params)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def post(self, *resources: dict[str, Any]) -> Any:
        body = {"$schema": CONFIGURE, "resources": list(resources)}
        return self.call("POST", "configure", version="2022-07-01", json=body)

    def status(self, job_id: str) -> dict[str, Any]:
        return self.read(f"configure/{job_id}/status", version="2022-07-01")

    def configure(self, *resources: dict[str, Any]) -> dict[str, Any]:
        """Submit, let the job run, and return its last status."""
        answer = self.post(*resources)
        assert answer.is_success, answer.text
        self.stage.move(seconds=70)
        return self.status(answer.json()["jobId"])

    def made(self, *resources: dict[str, Any]) -> dict[str, Any]:
        """Submit what must succeed, and return the private offer that came of it."""
        job = self.configure(*resources)
        assert job["jobResult"] == "succeeded", job
        configured = self.read(f"configure/{job['jobId']}")["resources"]
        durable_id = next(each["id"] for each in configured if each["$schema"] == OFFER)
        return self.read(durable_id)

    def failed(self, *resources: dict[str, Any]) -> list[str]:
        """Submit what the job must refuse, and return why."""
        job = self.configure(*resources)
        assert job["jobResult"] == "failed", job
        return [f"{each['code']}: {each['message']}" for each in job["errors"]]


def partner_of(ingestion: Ingestion) -> Ingestion:
    """Return the channel partner at the same API."""
    tenant = next(each for each in ingestion.stage.controls.directory.tenants if each.domain == "litware.example")
    return Ingestion(stage=ingestion.stage, app_id=PARTNER_APP_ID, tenant_id=tenant.id)


@contextmanager
def ingestion_sandbox(data_dir: Path | None = None) -> Iterator[Ingestion]:
    """Run a sandbox whose clock stands still on 22 November 2026."""
    with sandbox(data_dir=data_dir) as stage:
        yield Ingestion(stage=stage)


def billing_account(ingestion: Ingestion, company: str = "Contoso") -> str:
    """Return the id of a customer's billing account."""
    listed = ingestion.stage.control("GET", "/billing-accounts")["billing_accounts"]
    return str(next(each["id"] for each in listed if each["company"] == company))


def discount(percent: float = 12.5, plan: str = BUSINESS, product: str = DESK) -> dict[str, Any]:
    return {"product": product, "plan": plan, "discountType": "percentage", "discountPercentage": percent}


def offer(beneficiary: str, *rows: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a customer offer that can go live on the stage's day; None takes a property away."""
    document = {
        "$schema": OFFER,
        "name": "Contoso three years",
        "state": "live",
        "privateOfferType": "customerPromotion",
        "offerPricingType": "editExistingOfferPricingOnly",
        "variableStartDate": True,
        "end": "2029-12-31",
        "acceptBy": "2026-12-15",
        "preparedBy": "percy.partner@fairmile.example",
        "notificationContacts": ["percy.partner@fairmile.example"],
        "beneficiaries": [{"id": beneficiary, "description": "Contoso"}],
        "pricing": list(rows) or [discount()],
        **changes,
    }
    return {name: value for name, value in document.items() if value is not None}


def made_plan(
    name: str = "price-0", new_id: str | None = "contoso-enterprise-3y", base: str = ENTERPRISE
) -> dict[str, Any]:
    """Return the line of a customised plan."""
    details = {"name": "Enterprise for Contoso", "description": "As agreed.", **({"id": new_id} if new_id else {})}
    return {
        "product": DESK,
        "basePlan": base,
        "newPlanDetails": details,
        "discountType": "absolute",
        "priceDetails": {"resourceName": name},
    }


def price(item: dict[str, Any], name: str = "price-0", plan: str = ENTERPRISE, **recurrent: Any) -> dict[str, Any]:
    """Return a price resource with one term."""
    return {
        "$schema": PRICE,
        "resourceName": name,
        "product": DESK,
        "plan": plan,
        "offerPricingType": "saasNewCustomizedPlans",
        "pricing": {
            "recurrentPrice": {
                "recurrentPriceMode": "flatRate",
                "priceInputOption": "usd",
                "prices": [item],
                **recurrent,
            }
        },
    }


def flexible(*charges: tuple[str | None, float, str], years: int = 3, total: float | None = None) -> dict[str, Any]:
    """Return a flexible schedule with the names of the third party's copy of the schema."""
    first, *later = charges
    schedule: dict[str, Any] = {
        "initialCharge": {"pricePerPaymentInUsd": first[1], "note": first[2]},
        "billingSchedule": [
            {"chargeDate": day, "pricePerPaymentInUsd": amount, "note": note} for day, amount, note in later
        ],
    }
    if total is not None:
        schedule["price"] = total
    return {"contractDuration": {"type": "year", "value": years}, "flexibleSchedule": schedule}


EIGHTY_MILLION = flexible(
    (None, 2_000_000, "Setup fee"),
    ("2027-01-01", 5_000_000, "Year 1 installment 2"),
    ("2027-07-15", 3_000_000, "Year 1 installment 3"),
    ("2028-01-01", 10_000_000, "Year 2 installment 1"),
    ("2028-07-15", 10_000_000, "Year 2 installment 2"),
    ("2029-01-01", 20_000_000, "Year 3 installment 1"),
    ("2029-07-15", 30_000_000, "Year 3 installment 2"),
    total=80_000_000,
)
