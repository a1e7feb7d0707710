"""Deployments for tests of trust and consent: our own doors over HTTP, and what customers do in the pretend Azure."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from fairkeeper.bootstrap.application import create_app
from fairkeeper.consent.deployments.showing import list_application_notices, list_deployments
from fairkeeper.consent.views import DeploymentView, NoticeView
from fairkeeper.sandbox.directory import PUBLISHER_TENANT_ID
from fairkeeper.sandbox.runner import _bind as bind
from tests.actions.consent.world import NOTICE_SECRET, Stage, World, staff

VAULT_PLAN = (Path(__file__).parents[3] / "examples" / "offers" / "vault.yaml").read_text("utf-8")
ON_CALL = "fa111111-0000-4000-8000-0000000000e1"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"


@contextmanager
def served(stage: Stage) -> Iterator[str]:
    """Serve the installation without its background work, which the test does itself."""

    @asynccontextmanager
    async def nothing(_app: FastAPI) -> Any:
        yield

    app = create_app(stage.installation)
    app.router.lifespan_context = nothing
    bound = bind("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    limit = time.monotonic() + 20
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        assert time.monotonic() < limit, "the server took too long to start"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


@dataclass(frozen=True, slots=True)
class Azure:
    """What customers do in the pretend Azure, and what it tells us of it.

    Attributes:
        url: Of our own server.
    """

    world: World
    url: str

    @property
    def endpoint(self) -> str:
        """The notification endpoint as the plan in Partner Center has it."""
        return f"{self.url}/marketplace/applications?sig={NOTICE_SECRET}"

    def control(self, path: str, **body: Any) -> Any:
        answer = self.world.http.post(f"{self.world.sandbox.url}/azure/control{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def id_of(self, company: str, name: str = "vault") -> str:
        tenant_id = self.world.tenant(company)
        return (
            f"/subscriptions/5a{tenant_id[2:]}/resourceGroups/papers/providers/Microsoft.Solutions/applications/{name}"
        )

    def deploy(self, company: str, name: str = "vault", **changes: Any) -> str:
        """Let a company deploy the vault, and Azure say nothing of it yet; return its id."""
        wanted = {
            "id": self.id_of(company, name),
            "tenant_id": self.world.tenant(company),
            "product": "fairmile-vault",
            "plan": "standard",
            "publisher_tenant_id": PUBLISHER_TENANT_ID,
            "authorizations": [[ON_CALL, READER]],
            "has_jit": True,
            **changes,
        }
        self.control("/applications", **wanted)
        return str(wanted["id"])

    def notify(self, resource_id: str, event: str = "PUT", provisioning: str = "Succeeded") -> int:
        """Let Azure notify us; return how we answered."""
        sent = self.control("/notices", address=self.endpoint, id=resource_id, event=event, provisioning=provisioning)
        return int(sent["status"])

    def told(self, content: bytes, *, secret: str = NOTICE_SECRET) -> httpx.Response:
        """Send something to the notification address."""
        address = f"{self.url}/marketplace/applications/resource"
        return self.world.http.post(address, params={"sig": secret}, content=content)

    def shown(self, resource_id: str) -> DeploymentView:
        found = [each for each in self.deployments() if each.resource_id.lower() == resource_id.lower()]
        (one,) = found
        return one

    def deployments(self) -> tuple[DeploymentView, ...]:
        found: tuple[DeploymentView, ...] = self.world.run(list_deployments, staff())
        return found

    def notices(self) -> tuple[NoticeView, ...]:
        found: tuple[NoticeView, ...] = self.world.run(list_application_notices, staff())
        return found

    def grants(self, slug: str) -> dict[str, str]:
        """Return the states of a customer's access by its key; of several the newest."""
        return {grant.registration: grant.state.value for grant in self.world.shown(slug).grants}

    def customer(self, resource_id: str) -> str:
        """Return the id of the customer whose deployment it is."""
        found = self.shown(resource_id).customer_id
        assert found is not None
        return found
