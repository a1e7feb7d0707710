"""Everything of one installation, wired once: settings, stores, connectors, the runner and the background work.

What is made here is handed to channels; nothing below bootstrap knows where its parts come from. Opening changes the
database (tables, the log's first key) and starts nothing; `start_background` begins to work, `close` ends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
from sqlalchemy import select

from fairkeeper.access.authorise import make_authorise
from fairkeeper.access.ports import CustomerOfTenant, NamedByPurchase, PublisherTenant, RolesFromEntra
from fairkeeper.accounts.ports import DocumentSafe
from fairkeeper.action.operation import Ports
from fairkeeper.action.outside import OutsideWrites
from fairkeeper.action.registry import Registry
from fairkeeper.action.runner import Authorise, Runner, Wiring
from fairkeeper.assurance.evaluation.running import MeasuredReleases
from fairkeeper.assurance.keeping.holding import StandingHolds
from fairkeeper.assurance.keeping.rules import Defaults
from fairkeeper.bootstrap.connectors import (
    EntraAccessTokens,
    make_access_tokens,
    make_authority,
    make_event_receivers,
    make_fulfillment,
    make_http_client,
    make_ingestion,
    make_provisioner,
    make_resource_manager,
    make_sign_in,
    make_validator,
    missing_for_fulfillment,
)
from fairkeeper.bootstrap.database.migrations import ensure_schema
from fairkeeper.bootstrap.master_keys import open_master_keys
from fairkeeper.bootstrap.ports import (
    ConfiguredPublisher,
    ConfiguredRoles,
    CustomersTokens,
    KeptWords,
    MirroredCustomers,
    NamedBuyers,
    PeopleToErase,
    SignInAppRemains,
    SuspendedCustomers,
)
from fairkeeper.bootstrap.rooms import make_registry
from fairkeeper.bootstrap.settings import Settings, SettingsError
from fairkeeper.bootstrap.wiring.assurance import AssuranceToErase
from fairkeeper.bootstrap.wiring.clocks import FollowedClock
from fairkeeper.bootstrap.wiring.consent import (
    MirroredPurchases,
    RegisteredAgents,
    StandingOfGrants,
    TrustRemains,
    TrustToStop,
    WordsToErase,
    make_agent_identities,
    make_consent_flow,
    make_tenant_tokens,
    work_credentials,
)
from fairkeeper.bootstrap.wiring.deals import deals_work
from fairkeeper.bootstrap.wiring.governance import AgentsToStop, DecisionsToErase, make_questions
from fairkeeper.bootstrap.wiring.messages import make_mailer, make_teams, messages_work
from fairkeeper.bootstrap.wiring.metering import metering_work
from fairkeeper.bootstrap.wiring.observing import (
    Custodian,
    GuardedAgentIdentities,
    GuardedFulfillment,
    GuardedProvisioner,
    GuardedResourceManager,
)
from fairkeeper.bootstrap.wiring.opportunities import Mediation, opportunities_ports, opportunities_work
from fairkeeper.bootstrap.wiring.payouts import make_fetching, make_library, payouts_work
from fairkeeper.bootstrap.wiring.readiness import own_addresses, readiness_work
from fairkeeper.bootstrap.wiring.scanning import make_lookout
from fairkeeper.consent.ports import KnownAgents, KnownCustomers
from fairkeeper.customers.ports import (
    ConsentStanding,
    DataToErase,
    Fulfillment,
    Provisioner,
    Retention,
    SystemsToStop,
    WhatRemains,
)
from fairkeeper.database.secrets import SecretStore
from fairkeeper.database.session import Database
from fairkeeper.deals.ports import Submission
from fairkeeper.evidence.append import append
from fairkeeper.evidence.export import Exporter
from fairkeeper.evidence.integrator import Integrator, ensure_head
from fairkeeper.evidence.ports import LegalHolds
from fairkeeper.evidence.reader import LogReader
from fairkeeper.evidence.signing import LogKeys
from fairkeeper.evidence.tables import LogKeyRow
from fairkeeper.governance.deciding.tickets import Questions
from fairkeeper.governance.ports import ReleaseGate
from fairkeeper.jobs.accounts import AccountsWork
from fairkeeper.jobs.agents import AgentIdentityWork
from fairkeeper.jobs.assurance import AssuranceWork
from fairkeeper.jobs.consent import ConsentWork
from fairkeeper.jobs.customers import CustomersWork
from fairkeeper.jobs.deployments import DeploymentWork
from fairkeeper.jobs.forwarding import ForwardingWork
from fairkeeper.jobs.governance import GovernanceWork
from fairkeeper.jobs.handler import Work
from fairkeeper.jobs.keeping import KeepingWork
from fairkeeper.jobs.scanning import ScanningWork
from fairkeeper.jobs.sweeping import Sweeping
from fairkeeper.jobs.worker import Worker
from fairkeeper.messages.ports import Mailer, PublishersWords, TeamsChannel
from fairkeeper.microsoft.identity import SignInFlow
from fairkeeper.microsoft.tenants.agents import AgentIdentityClient
from fairkeeper.microsoft.tenants.consent import ConsentFlow, TenantTokenClient
from fairkeeper.overview.ports import AddsToReview, NothingToAdd, OwnAddresses
from fairkeeper.payouts.fetching.ports import FetchPlan
from fairkeeper.payouts.files.library import Library
from fairkeeper.proof.note import VerifierKey
from fairkeeper.token.validator import EntraTokenValidator
from fairkeeper.values.clock import Clock, MovableClock, SystemClock
from fairkeeper.values.ids import TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """One running Fairkeeper.

    Attributes:
        clock: What everything here takes for now.
        followed_clock: Keeps it with a sandbox in another process; None elsewhere.
        authorise: Decides who may, for channels that hand out files.
        validator: Proves tokens of Microsoft Entra.
        outside: What may be changed in other systems; asked before each write.
        access_tokens: Proves people's access tokens for the API; None while no application is configured.
        http: What the connectors share.
        sign_in: How people sign in; None while no application is configured for it.
        consent: The ways to Microsoft's consent pages.
    """

    settings: Settings
    clock: Clock
    database: Database
    secrets: SecretStore
    log_keys: LogKeys
    log_reader: LogReader
    exporter: Exporter
    registry: Registry
    runner: Runner
    authorise: Authorise
    validator: EntraTokenValidator
    access_tokens: EntraAccessTokens | None
    http: httpx.Client
    fulfillment: Fulfillment
    sign_in: SignInFlow | None
    consent: ConsentFlow
    provisioner: Provisioner
    outside: OutsideWrites
    mailer: Mailer
    teams: TeamsChannel
    library: Library
    worker: Worker
    integrator: Integrator
    followed_clock: FollowedClock | None = field(default=None)

    def start_background(self) -> None:
        """Begin to integrate the log, to do background work, and to follow a sandbox's clock."""
        if self.followed_clock is not None:
            self.followed_clock.follow_once()
            self.followed_clock.start()
        self.integrator.start()
        self.worker.start()

    def close(self) -> None:
        """Stop the background work, place what was recorded, and let the database go."""
        if self.followed_clock is not None:
            self.followed_clock.stop()
        self.worker.stop()
        self.integrator.stop()
        self.http.close()
        self.database.dispose()


def open_installation(settings: Settings, clock: Clock | None = None) -> Installation:
    """Wire an installation; the database is migrated and checked.

    Args:
        settings: What it was told.
        clock: Another clock than the machine's or the sandbox's.

    Raises:
        SettingsError: Settings that do not fit each other or the database.
        UnsafeDatabaseError, DatabaseUnavailableError, SchemaBehindError: by the database.
        SecretKeyError: The master key is not the one that sealed this database.
    """
    followed: MovableClock | None = None
    if clock is None:
        followed = MovableClock() if settings.sandbox_url else None
        clock = followed or SystemClock()
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.database_address)
    try:
        ensure_schema(database)
        database.check()
        return _wire(settings, clock, followed, database)
    except BaseException:
        database.dispose()
        raise


def _wire(settings: Settings, clock: Clock, followed: MovableClock | None, database: Database) -> Installation:
    secrets = SecretStore(open_master_keys(settings))
    log_keys = LogKeys(_origin(settings, database), secrets)
    with database.write() as session:
        ensure_head(session, log_keys, now=clock.now())
    outside = Custodian(database, clock, is_observing=settings.is_observing)
    http = make_http_client(is_observing=settings.is_observing)
    validator = make_validator(settings, clock)
    fulfillment = GuardedFulfillment(make_fulfillment(settings, http, clock), outside)
    provisioner = GuardedProvisioner(make_provisioner(settings, database, secrets, clock), outside)
    log_reader = LogReader(database, log_keys)
    credentials = work_credentials(settings, make_authority(settings).base)
    registry = make_registry()
    wake = _Wake()
    mailer, teams = make_mailer(settings), make_teams(settings)
    library, fetching = make_library(settings), make_fetching(settings, http)
    authorise = make_authorise(SuspendedCustomers(database).is_suspended)
    connectors: dict[type, object] = {
        Mailer: mailer,
        PublishersWords: KeptWords(database),
        TeamsChannel: teams,
        OutsideWrites: outside,
        DocumentSafe: secrets,
        OwnAddresses: own_addresses(settings),
        AddsToReview: NothingToAdd(),
        SecretStore: secrets,
        Defaults: Defaults(database),
        Library: library,
        FetchPlan: fetching.plan,
    }
    ports = _ports(settings, registry, log_reader, log_keys, connectors)
    mediation = Mediation()
    wiring = Wiring(authorise=authorise, record=append, ports=ports, after_commit=wake.now, mediate=mediation)
    runner = mediation.runner = Runner(registry, database, clock, wiring)
    tenants = make_tenant_tokens(credentials, http, clock)
    agents = make_agent_identities(settings, credentials, http, clock)
    rooms = (
        messages_work(settings, runner, mailer, teams),
        *_marketplace_work(settings, runner, http, clock, outside),
        _consent_work(settings, runner, tenants, secrets, agents=agents, http=http, outside=outside),
        GovernanceWork(runner).work(),
        *_assurance_work(settings, runner, secrets),
        payouts_work(runner, library, fetching, outside),
        opportunities_work(settings, runner),
    )
    worker = Worker(
        database,
        clock,
        work=_work(settings, runner, fulfillment, provisioner, rooms),
        threads=settings.workers,
        lease=timedelta(seconds=settings.task_lease_seconds),
    )
    wake.worker = worker
    return Installation(
        settings=settings,
        clock=clock,
        database=database,
        secrets=secrets,
        log_keys=log_keys,
        log_reader=log_reader,
        exporter=Exporter(database, log_keys),
        registry=registry,
        runner=runner,
        authorise=authorise,
        validator=validator,
        access_tokens=make_access_tokens(settings, validator),
        http=http,
        fulfillment=fulfillment,
        sign_in=make_sign_in(settings, http),
        consent=make_consent_flow(settings, credentials, http),
        provisioner=provisioner,
        outside=outside,
        mailer=mailer,
        teams=teams,
        library=library,
        worker=worker,
        integrator=Integrator(database, log_keys, clock),
        followed_clock=_followed(settings, followed, worker),
    )


def _assurance_work(settings: Settings, runner: Runner, secrets: SecretStore) -> tuple[Work, ...]:
    database, clock = runner.database, runner.clock
    return (
        AssuranceWork(runner).work(),
        ForwardingWork(database, clock, secrets, make_event_receivers(settings)).work(),
        KeepingWork(runner).work(),
        ScanningWork(runner, make_lookout(settings, database, clock)).work(),
    )


def _consent_work(  # noqa: PLR0913 - whom it asks
    settings: Settings,
    runner: Runner,
    tenants: TenantTokenClient,
    secrets: SecretStore,
    *,
    agents: AgentIdentityClient,
    http: httpx.Client,
    outside: OutsideWrites,
) -> Work:
    """Return what is done in the background with customers' tenants and with what is deployed into them."""
    azure = GuardedResourceManager(make_resource_manager(settings, http), outside)
    work = ConsentWork(
        runner,
        tenants,
        secrets,
        deployments=DeploymentWork(runner, azure),
        agents=AgentIdentityWork(runner, GuardedAgentIdentities(agents, outside)),
        sign_in_app_id=settings.sign_in_app_id,
    )
    return work.work()


def _marketplace_work(
    settings: Settings, runner: Runner, http: httpx.Client, clock: Clock, outside: OutsideWrites
) -> tuple[Work, ...]:
    """Return what is done in the background with Microsoft's ingestion API, and the reviews of offers."""
    ingestion = make_ingestion(settings, http, clock)
    return (
        deals_work(settings, runner, ingestion, outside),
        AccountsWork(runner, ingestion).work(),
        metering_work(settings, runner, http, clock, outside),
        readiness_work(settings, runner, http),
    )


class _Wake:
    """Wakes the worker after a commit; the runner is made first, because the worker's handlers need it."""

    worker: Worker | None = None

    def now(self) -> None:
        if self.worker is not None:
            self.worker.wake()


def _work(
    settings: Settings, runner: Runner, fulfillment: Fulfillment, provisioner: Provisioner, more: tuple[Work, ...]
) -> Work:
    """Return all background work; what is done by the clock at Microsoft waits until Microsoft can be asked."""
    customers = CustomersWork(runner, fulfillment, provisioner).work()
    sweeping = Sweeping(runner.database, runner.clock).work()
    return Work(
        handlers=(*customers.handlers, *(each for work in more for each in work.handlers), *sweeping.handlers),
        schedules=(
            *(() if missing_for_fulfillment(settings) else customers.schedules),
            *(each for work in more for each in work.schedules),
            *sweeping.schedules,
        ),
    )


def _followed(settings: Settings, clock: MovableClock | None, worker: Worker) -> FollowedClock | None:
    if clock is None or settings.sandbox_url is None:
        return None
    return FollowedClock(clock, settings.sandbox_url, moved=worker.wake)


def _ports(
    settings: Settings,
    registry: Registry,
    log_reader: LogReader,
    log_keys: LogKeys,
    connectors: Mapping[type, object],
) -> Ports:
    tenant_id = None if settings.entra_tenant_id is None else TenantId(settings.entra_tenant_id.lower())
    sign_in_app_id = settings.sign_in_app_id or settings.fulfillment_app_id
    return Ports(
        by_protocol={
            Registry: registry,
            LogReader: log_reader,
            LogKeys: log_keys,
            PublisherTenant: ConfiguredPublisher(tenant_id=tenant_id),
            CustomerOfTenant: MirroredCustomers(),
            KnownCustomers: MirroredPurchases(),
            KnownAgents: RegisteredAgents(),
            ConsentStanding: StandingOfGrants(),
            SystemsToStop: TrustToStop((CustomersTokens(), AgentsToStop())),
            WhatRemains: TrustRemains(
                SignInAppRemains(app_id=sign_in_app_id, name="the publisher's sign-in application")
            ),
            DataToErase: WordsToErase(AssuranceToErase(DecisionsToErase(PeopleToErase()))),
            NamedByPurchase: NamedBuyers(),
            RolesFromEntra: ConfiguredRoles(is_deciding=settings.roles_from == "entra"),
            Retention: Retention(settings.retention_days),
            LegalHolds: StandingHolds(),
            Questions: make_questions(),
            ReleaseGate: MeasuredReleases(),
            **connectors,
            Submission: Submission(missing=tuple(missing_for_fulfillment(settings))),
            **opportunities_ports(settings),
        }
    )


def _origin(settings: Settings, database: Database) -> str:
    """Return the log's name: what its first key says, whatever the address has become since."""
    with database.read() as session:
        first = session.scalars(select(LogKeyRow.vkey).order_by(LogKeyRow.number).limit(1)).first()
    if first is None:
        return settings.origin
    origin = VerifierKey.parse(first).name
    if settings.log_origin is not None and settings.log_origin != origin:
        msg = f"FAIRKEEPER_LOG_ORIGIN is {settings.log_origin}, but the log in this database is named {origin}."
        raise SettingsError(msg, remedy="Leave the setting out; a log keeps the name that its first key was made for.")
    return origin
