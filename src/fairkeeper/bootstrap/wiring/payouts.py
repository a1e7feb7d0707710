"""Where the files of reports are kept, who reads them, and from whom reports are fetched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fairkeeper.action.outside import OutsideWrites
from fairkeeper.action.runner import Runner
from fairkeeper.bootstrap.connectors import make_authority, missing_for_fulfillment
from fairkeeper.bootstrap.settings import Settings, SettingsError
from fairkeeper.bootstrap.wiring.credentials import make_app_tokens
from fairkeeper.jobs.handler import Work
from fairkeeper.jobs.payouts import PayoutsWork
from fairkeeper.microsoft.errors import AddressRefusedError
from fairkeeper.microsoft.marketplace_transport import check_address
from fairkeeper.microsoft.partner_center import analytics, payouts
from fairkeeper.microsoft.partner_center.asking import PartnerCenterAPI
from fairkeeper.payouts.fetching.plan import LAG_DAYS
from fairkeeper.payouts.fetching.ports import FetchPlan, ReportSource
from fairkeeper.payouts.files.library import Library
from fairkeeper.payouts.importing import Importer


def make_library(settings: Settings) -> Library:
    """Return the files of reports: a folder beside the database that several processes have to share."""
    return Library(settings.data_dir.resolve() / "payouts")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AnalyticsSection(_Section):
    """Where reports of orders, usage, customers and revenue are made."""

    base_url: str = analytics.BASE_URL
    resource: str = analytics.RESOURCE
    queries: dict[str, str] = Field(default_factory=lambda: dict(analytics.SYSTEM_QUERIES))


class PayoutsSection(_Section):
    """Where exports of earnings and payments are made."""

    base_url: str = payouts.BASE_URL
    resource: str = payouts.RESOURCE
    reports: tuple[str, ...] = ("earnings", "payments")
    more_filters: str = ""


class ReportsConnection(_Section):
    """What is fetched from Partner Center, as its file states it; a section that is left out is not fetched."""

    analytics: AnalyticsSection | None = None
    payouts: PayoutsSection | None = None
    look_back_months: int = Field(5, ge=0, le=36)
    lag_days: dict[str, int] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetching:
    """What is fetched, and by whom."""

    plan: FetchPlan = field(default_factory=FetchPlan)
    sources: Mapping[str, ReportSource] = field(default_factory=dict)


def make_fetching(settings: Settings, http: httpx.Client) -> Fetching:
    """Return the configured connection to Partner Center; nothing is asked of it yet.

    Raises:
        SettingsError: The file cannot be read, names what is not known, or our application is not configured.
    """
    if settings.reports_connection is None:
        return Fetching()
    given = _read(settings.reports_connection)
    missing = missing_for_fulfillment(settings)
    if missing:
        raise SettingsError(f"Reports cannot be fetched: {', '.join(missing)} not set.")
    sources: dict[str, ReportSource] = {}
    if given.analytics is not None:
        api = _api(settings, http, given.analytics.base_url, given.analytics.resource)
        made = analytics.AnalyticsReports(api=api, queries=given.analytics.queries)
        sources |= dict.fromkeys(given.analytics.queries, made)
    if given.payouts is not None:
        api = _api(settings, http, given.payouts.base_url, given.payouts.resource)
        exported = payouts.PayoutReports(api=api, more_filters=given.payouts.more_filters)
        sources |= dict.fromkeys(given.payouts.reports, exported)
    unknown = [name for name in sources if name not in LAG_DAYS]
    if unknown:
        raise SettingsError(f"{settings.reports_connection} names {unknown[0]!r}, which is no report.")
    plan = FetchPlan(
        reports=tuple(sources), look_back_months=given.look_back_months, lag_days={**LAG_DAYS, **given.lag_days}
    )
    return Fetching(plan=plan, sources=sources)


def _read(path: Path) -> ReportsConnection:
    try:
        return ReportsConnection.model_validate(yaml.safe_load(path.read_text("utf-8")) or {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise SettingsError(f"The connection in {path} cannot be used: {error}.") from error


def _api(settings: Settings, http: httpx.Client, base_url: str, resource: str) -> PartnerCenterAPI:
    try:
        base = check_address(base_url)
    except AddressRefusedError as error:
        raise SettingsError(error.message) from error
    tokens = make_app_tokens(settings, make_authority(settings).base, http, resource=resource)
    return PartnerCenterAPI(base_url=base, tokens=tokens, http=http)


def payouts_work(runner: Runner, library: Library, fetching: Fetching, outside: OutsideWrites) -> Work:
    """Return the background work of payouts."""
    return PayoutsWork(Importer(runner, library), fetching.sources, outside).work()
