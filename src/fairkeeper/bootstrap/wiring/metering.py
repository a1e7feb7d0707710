"""The room of metering in an installation: its background work, with Microsoft's metering service."""

from __future__ import annotations

from dataclasses import replace

import httpx

from fairkeeper.action.outside import OutsideWrites
from fairkeeper.action.runner import Runner
from fairkeeper.bootstrap.connectors import UnconfiguredTokens, make_authority, missing_for_fulfillment
from fairkeeper.bootstrap.settings import Settings
from fairkeeper.bootstrap.wiring.credentials import make_app_tokens
from fairkeeper.jobs.handler import Work
from fairkeeper.jobs.metering import MeteringWork
from fairkeeper.microsoft.identity import TokenSource
from fairkeeper.microsoft.marketplace_transport import IMPATIENT, MarketplaceTransport
from fairkeeper.microsoft.metering import MeteringClient
from fairkeeper.values.clock import Clock


def make_metering(settings: Settings, http: httpx.Client, clock: Clock) -> MeteringClient:
    """Return Microsoft's metering service; not configured, every call says which settings are missing."""
    missing = missing_for_fulfillment(settings)
    tokens: TokenSource = UnconfiguredTokens(missing)
    if not missing:
        tokens = make_app_tokens(settings, make_authority(settings).base, http, resource=settings.marketplace_app_id)
    transport = MarketplaceTransport(settings.fulfillment_base_url, tokens, http, patience=IMPATIENT, clock=clock)
    return MeteringClient(transport, test_headers=settings.metering_test_headers)


def metering_work(settings: Settings, runner: Runner, http: httpx.Client, clock: Clock, outside: OutsideWrites) -> Work:
    """Return the room's work; Microsoft is asked by the clock only where it can be asked at all."""
    made = MeteringWork(runner, make_metering(settings, http, clock), outside)
    work = made.work()
    if missing_for_fulfillment(settings):
        return replace(work, schedules=made.schedules_here())
    return work
