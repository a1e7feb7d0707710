"""Wires the room of opportunities: its settings, where copies of its tables lie, its desk, its background work."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from fairkeeper.action.operation import Operation, OperationInput
from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call, Finish, Runner
from fairkeeper.bootstrap.settings import Settings, SettingsError
from fairkeeper.errors import InvalidError
from fairkeeper.governance.actions.record_outcome import RecordOutcome, record_outcome
from fairkeeper.jobs.handler import Work
from fairkeeper.jobs.opportunities import Feed, OpportunitiesWork
from fairkeeper.microsoft.insights import ASSUMED_NEXT, ASSUMED_ROWS, PATHS, InsightsAPI
from fairkeeper.opportunities.actions.agent import (
    DecideReading,
    RegisterRoomsAgent,
    decide_reading,
    register_agent,
)
from fairkeeper.opportunities.actions.desk import DEFAULT_CONNECTION, Desk, NamedFile
from fairkeeper.opportunities.actions.runs import Adopted
from fairkeeper.opportunities.actions.snapshots import ImportedSnapshot
from fairkeeper.opportunities.agent import AgentTool
from fairkeeper.opportunities.asking.answering import Ask, ask
from fairkeeper.opportunities.asking.understanding import asks_for_people
from fairkeeper.opportunities.errors import AgentNotRegisteredError, NoSnapshotError
from fairkeeper.opportunities.insights.keeping import ColumnFiles
from fairkeeper.opportunities.ports import CRM, Narration, Narrator, RoomSettings
from fairkeeper.outbound.clients import authorities
from fairkeeper.outbound.crm.dynamics import Dynamics
from fairkeeper.outbound.crm.hubspot import HubSpot
from fairkeeper.outbound.crm.salesforce import Salesforce
from fairkeeper.outbound.crm.tokens import ClientCredentials
from fairkeeper.outbound.crm.transport import CRMTransport
from fairkeeper.outbound.narrator import ChatNarrator
from fairkeeper.values.clock import Clock
from fairkeeper.values.findings import Finding

_HUBSPOT = "https://api.hubapi.com"


def room_settings(settings: Settings) -> RoomSettings:
    """Return what the settings say of this room."""
    return RoomSettings(
        fields=settings.opportunities_fields,
        lenses=settings.opportunities_lenses,
        holdout_percent=settings.opportunities_holdout_percent,
        crm=settings.crm_kind,
    )


def column_files(settings: Settings) -> ColumnFiles:
    """Return where copies of kept tables lie on this machine."""
    return ColumnFiles(settings.data_dir / "opportunities")


def opportunities_ports(settings: Settings) -> Mapping[type, object]:
    """Return what the room's operations ask for."""
    return {
        ColumnFiles: column_files(settings),
        RoomSettings: room_settings(settings),
        Narration: Narration(narrator=_narrator(settings)),
    }


def _narrator(settings: Settings) -> Narrator | None:
    if not (settings.narrator_url and settings.narrator_model and settings.narrator_key):
        return None
    return ChatNarrator(
        url=settings.narrator_url,
        model=settings.narrator_model,
        key=settings.narrator_key.get_secret_value(),
        client=httpx.Client(verify=authorities(), follow_redirects=False),
    )


class Mediation:
    """Has decided under Governance what this room's agent reads: each question of the chat, each tool of an assistant.

    The runner is made first, because what it asks here is itself an operation.
    """

    runner: Runner | None = None

    def __call__(self, operation: Operation, request: OperationInput, call: Call) -> Finish:
        """Decide one reading, and return what records how it went.

        Raises:
            AgentRefusedError, PersonalDataRefusedError: The agent may not; the decision stays recorded.
        """
        is_agents = operation.room == "opportunities" and (call.is_agents or operation.name == ask.name)
        if self.runner is None or not is_agents:
            return lambda _is_done: None
        runner = self.runner
        own = Call(principal=system("opportunities"), request_id=call.request_id)
        wanted = AgentTool.READ
        if isinstance(request, Ask) and asks_for_people(request.question):
            wanted = AgentTool.EXPORT
        reading = DecideReading(
            tool=wanted,
            operation=operation.name,
            asked_by=call.principal.id[:80],
            request=request.model_dump_json()[:4000],
        )
        try:
            decision_id = runner.run(decide_reading, reading, own)
        except AgentNotRegisteredError:  # an installation of before; by itself this would wait for the next day
            runner.run(register_agent, RegisterRoomsAgent(), own)
            decision_id = runner.run(decide_reading, reading, own)

        def finish(is_done: bool) -> None:  # noqa: FBT001 - the runner's own signature
            outcome = RecordOutcome(decision_id=decision_id, outcome="ok" if is_done else "error")
            runner.run(record_outcome, outcome, own)

        return finish


def make_desk(settings: Settings, runner: Runner) -> Desk:
    """Return what imports and ranks."""
    return Desk(runner, column_files(settings), room_settings(settings))


def make_sample(settings: Settings, clock: Clock) -> Callable[[str], Sequence[NamedFile]] | None:
    """Return what makes a book up to try the room with, for an owner of some of the accounts.

    None outside of a sandbox, where a made-up book would stand beside a real one.
    """
    if settings.sandbox_url is None:
        return None

    def make(owner: str) -> list[NamedFile]:
        from fairkeeper.sandbox.insights.sample import sample_files

        return [
            NamedFile(name=name, content=content) for name, content in sample_files(clock.now().date(), owner=owner)
        ]

    return make


def import_and_rank(  # noqa: PLR0913 - what a person may say of some files
    desk: Desk,
    files: Sequence[tuple[str, bytes]],
    call: Call,
    *,
    taken_on: str | None,
    connection: str | None,
    is_ranked: bool,
) -> dict[str, Any]:
    """Import files and rank what is there; return what became of each, in JSON form.

    Raises:
        InvalidError: `opportunities.day_unreadable`.
    """
    day = _day_of(taken_on)
    source = connection or DEFAULT_CONNECTION
    told: list[dict[str, Any]] = []
    findings: list[Any] = []
    for name, content in files:
        found = desk.import_file(NamedFile(name=name, content=content), call, taken_on=day, connection=source)
        if isinstance(found, Finding):
            findings.append(found.to_json())
            told.append({"file": name, "snapshot_id": None})
            continue
        document = TypeAdapter(ImportedSnapshot).dump_python(found, mode="json")
        findings += document.pop("findings")
        told.append(document)
    ranking = None
    if is_ranked and any(each["snapshot_id"] for each in told):
        try:
            ranking = TypeAdapter(Adopted).dump_python(desk.rank(source), mode="json")
        except NoSnapshotError:
            ranking = None  # other tabs alone give no ranking
    return {"files": told, "findings": findings, "ranking": ranking}


def _day_of(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        msg = f"{text!r} is no day."
        raise InvalidError(msg, code="opportunities.day_unreadable", remedy="Write it as 2026-11-22.") from None


def opportunities_work(settings: Settings, runner: Runner) -> Work:
    """Return the room's background work."""
    work = OpportunitiesWork(runner, make_desk(settings, runner), make_crm(settings, runner.clock))
    return work.work(fetching=make_feeds(settings.insights_connections, runner.clock))


class Connection(BaseModel):
    """One connection to the insights API, as its file states it; the secret stands in a variable of the environment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9._-]+$")
    base_url: str = "https://m365partner.microsoft.com/abss"
    version: str = "1.5"
    tabs: tuple[str, ...] = ("copilot",)
    token_url: str
    client_id: str
    secret_variable: str
    scope: str = ""
    rows_in: tuple[str, ...] = ASSUMED_ROWS
    next_in: tuple[str, ...] = ASSUMED_NEXT
    properties: Mapping[str, str] = Field(default_factory=dict)


def make_feeds(path: Path | None, clock: Clock) -> tuple[Feed, ...]:
    """Return the configured connections; nothing is asked of them yet.

    Raises:
        SettingsError: The file cannot be read, or a connection's secret is not in the environment.
    """
    return tuple(_feed(each, clock) for each in _connections(path))


def _connections(path: Path | None) -> list[Connection]:
    if path is None:
        return []
    try:
        return TypeAdapter(list[Connection]).validate_python(yaml.safe_load(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise SettingsError(f"The connections in {path} cannot be used: {error}.") from error


def insights_tokens(path: Path | None, clock: Clock) -> tuple[tuple[str, Callable[[], str]], ...]:
    """Return each connection's name and how it gets a token, for whoever only wants to see whether it does.

    Raises:
        SettingsError: as `make_feeds` says.
    """
    return tuple((each.name, _tokens(each, clock).token) for each in _connections(path))


def _tokens(each: Connection, clock: Clock) -> ClientCredentials:
    secret = os.environ.get(each.secret_variable)
    unknown = [tab for tab in each.tabs if tab not in PATHS]
    if not secret or unknown:
        what = f"knows no tab {unknown[0]}" if unknown else f"needs its secret in {each.secret_variable}"
        raise SettingsError(f"The connection {each.name} {what}.")
    return ClientCredentials(
        token_url=each.token_url,
        client_id=each.client_id,
        client_secret=secret,
        scope=each.scope,
        client=httpx.Client(verify=authorities(), timeout=60, follow_redirects=False),
        clock=clock,
    )


def _feed(each: Connection, clock: Clock) -> Feed:
    tokens = _tokens(each, clock)
    api = InsightsAPI(
        base_url=each.base_url,
        version=each.version,
        token=tokens.token,
        client=tokens.client,
        rows_in=each.rows_in,
        next_in=each.next_in,
        properties=each.properties,
    )
    return Feed(connection=each.name, tabs=each.tabs, fetch=api.fetch)


def make_crm(settings: Settings, clock: Clock) -> CRM | None:
    """Return the configured CRM, if there is one; nothing is asked of it yet.

    Raises:
        SettingsError: A CRM is named without an address or a way to a token.
    """
    if not settings.crm_kind:
        return None
    address = settings.crm_url or (_HUBSPOT if settings.crm_kind == "hubspot" else None)
    if address is None:
        raise SettingsError(f"FAIRKEEPER_CRM_KIND is {settings.crm_kind}, but FAIRKEEPER_CRM_URL is not set.")
    client = httpx.Client(verify=authorities(), timeout=20, follow_redirects=False)
    transport = CRMTransport(base_url=address.rstrip("/"), token=_crm_token(settings, clock, client), client=client)
    if settings.crm_kind == "dynamics":
        return Dynamics(transport=transport)
    if settings.crm_kind == "salesforce":
        return Salesforce(transport=transport, today=lambda: clock.now().date())
    return HubSpot(transport=transport, now=clock.now)


def _crm_token(settings: Settings, clock: Clock, client: httpx.Client) -> Callable[[], str]:
    if settings.crm_token is not None:
        fixed = settings.crm_token.get_secret_value()
        return lambda: fixed
    if not (settings.crm_token_url and settings.crm_client_id and settings.crm_client_secret):
        raise SettingsError("A CRM needs FAIRKEEPER_CRM_TOKEN, or its token address with client id and secret.")
    return ClientCredentials(
        token_url=settings.crm_token_url,
        client_id=settings.crm_client_id,
        client_secret=settings.crm_client_secret.get_secret_value(),
        scope=settings.crm_scope,
        client=client,
        clock=clock,
    ).token
