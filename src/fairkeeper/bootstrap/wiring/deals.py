"""The room of deals in an installation: its background work, by the versions that the settings name."""

from __future__ import annotations

from dataclasses import replace

from fairkeeper.action.outside import OutsideWrites
from fairkeeper.action.runner import Runner
from fairkeeper.bootstrap.connectors import missing_for_fulfillment
from fairkeeper.bootstrap.settings import Settings
from fairkeeper.deals.ports import PrivateOffers
from fairkeeper.deals.submission.schema import PayloadSchema
from fairkeeper.jobs.deals import DealsSettings, DealsWork
from fairkeeper.jobs.handler import Work


def deals_work(settings: Settings, runner: Runner, offers: PrivateOffers, outside: OutsideWrites) -> Work:
    """Return the room's work; Microsoft is asked by the clock only where it can be asked at all."""
    schema = PayloadSchema(private_offer=settings.private_offer_schema, price=settings.price_schema)
    made = DealsWork(runner, offers, DealsSettings(schema=schema, schema_folder=settings.ingestion_schema_dir), outside)
    work = made.work()
    if missing_for_fulfillment(settings):
        return work
    return replace(work, schedules=(*work.schedules, *made.schedules_at_microsoft()))
