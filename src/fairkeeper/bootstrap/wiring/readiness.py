"""Wires the readiness review: whom it calls, and how it learns which addresses Microsoft has."""

from __future__ import annotations

from typing import Any

import httpx

from fairkeeper.action.runner import Runner
from fairkeeper.api.webhook import WEBHOOK_PATH
from fairkeeper.bootstrap.settings import Settings
from fairkeeper.jobs.handler import Work
from fairkeeper.jobs.readiness import KnownToMicrosoft, ReadinessWork
from fairkeeper.outbound.probing import AddressProber
from fairkeeper.overview.ports import OwnAddresses
from fairkeeper.web.door import LANDING_PATH


def own_addresses(settings: Settings) -> OwnAddresses:
    """Return where this installation is reached."""
    return OwnAddresses(landing_page=f"{settings.address}{LANDING_PATH}", webhook=f"{settings.address}{WEBHOOK_PATH}")


def readiness_work(settings: Settings, runner: Runner, http: httpx.Client) -> Work:
    """Return what is done for readiness in the background."""
    prober = AddressProber(settings.entra_authority, allow_private=settings.provisioning_allow_private)

    def ask_sandbox() -> KnownToMicrosoft | None:
        """Read Technical configuration from the pretend Partner Center; the live one has no such call."""
        if settings.sandbox_url is None:
            return None
        document: Any = http.get(f"{settings.sandbox_url}/sandbox/publisher").json()
        return KnownToMicrosoft(landing_page=document.get("landing_url"), webhook=document.get("webhook_url"))

    return ReadinessWork(runner, prober, ask_sandbox).work()
