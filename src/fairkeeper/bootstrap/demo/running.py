"""The demo: a server and the pretend Microsoft in one process, on SQLite, with the demo publisher's people.

Started again with the same folder it goes on where it was: subscriptions, evidence, people, the moved clock, and the
owner's token. The log has a name of its own, so that another port is no other log.
"""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fairkeeper.bootstrap.server import PortTakenError, address_of, bind, run_app
from fairkeeper.bootstrap.settings import Settings, read_settings
from fairkeeper.sandbox.config import SandboxConfig
from fairkeeper.sandbox.directory import (
    AT_YOUR_SIDE_APP_ID,
    DESK_APP_ID,
    FULFILLMENT_APP_ID,
    FULFILLMENT_APP_SECRET,
    LANDING_APP_ID,
    LANDING_APP_SECRET,
    PUBLISHER_TENANT_ID,
    SORTER_APP_ID,
    WORK_APP_SECRET,
    default_directory,
)
from fairkeeper.sandbox.runner import RunningSandbox, run_in_thread
from fairkeeper.values.clock import MovableClock

if TYPE_CHECKING:
    import socket

    from fairkeeper.bootstrap.installation import Installation

HOST: Final = "127.0.0.1"
LOG_ORIGIN: Final = "demo.fairmile.example/log"
LANDING_PATH: Final = "/marketplace/landing"
WEBHOOK_PATH: Final = "/marketplace/webhook"
INGESTION_PATH: Final = "/ingestion/rp/product-ingestion"
CRM_PATH: Final = "/crm"
CRM_TOKEN: Final = "sandbox"  # noqa: S105 - the pretend CRM takes any
OWNER_TOKEN_NAME: Final = "demo.owner_token"  # noqa: S105 - the name under which it is kept sealed
OWNER_TOKEN_DAYS: Final = 3650

ROLES: Final = {
    "Olivia Owner": "owner",
    "Oscar Operations": "operations",
    "Sam Security": "security",
    "Fiona Finance": "finance",
    "Audrey Auditor": "auditor",
    "Percy Partner": "deal_desk",
}
"""Whom of the demo publisher's people may do what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What is running.

    Attributes:
        owner_token: An API token with the role owner.
    """

    url: str
    sandbox_url: str
    owner_token: str

    def as_json(self) -> str:
        """Return the one line that programs wait for."""
        return json.dumps({"url": self.url, "sandbox_url": self.sandbox_url, "owner_token": self.owner_token})

    def as_text(self) -> str:
        """Return what a person reads."""
        owner = default_directory().people[0]
        return "\n".join(
            (
                f"Fairkeeper is at       {self.url}",
                f"The pretend Microsoft  {self.sandbox_url}   (buy here as one of six made-up companies)",
                "",
                f"Sign in as {owner.name} ({owner.email}), the owner, or as anybody else of Fairmile Software.",
                f"API token with the role owner: {self.owner_token}",
                "Ctrl+C ends it; started again with the same folder it goes on.",
            )
        )


def run_demo(  # noqa: PLR0913 - what a person may say on the command line, by name
    *,
    port: int,
    sandbox_port: int,
    data_dir: Path,
    with_customer: bool,
    agent: bool,
    as_json: bool,
    say: Callable[[str], None],
) -> None:
    """Run the demo until SIGINT or SIGTERM.

    Args:
        port: Of the server; 0 takes a free one.
        sandbox_port: Of the sandbox; a free one where it is taken.
        data_dir: Folder for everything.
        with_customer: Whether a new folder begins with a customer that has used what is metered for some days.
        agent: Whether an agent goes to work once it is ready.
        as_json: How to say that it is ready.
        say: Writes a line.

    Raises:
        PortTakenError: The server's port is taken.
        ExampleAbsentError: What the agent needs is not installed.
    """
    from fairkeeper.bootstrap.demo import at_work

    if agent:
        at_work.refuse_absent()

    def ready(demo: Demo) -> None:
        say(demo.as_json() if as_json else demo.as_text())
        if agent:
            at_work.begin(demo, data_dir / "mail-agent", as_json=as_json, say=say)

    bound = bind(HOST, port)
    sandbox, clock = start_sandbox(address_of(bound, HOST), data_dir=data_dir / "sandbox", port=sandbox_port)
    try:
        run_beside(sandbox, clock, bound, data_dir=data_dir, with_customer=with_customer, ready=ready)
    finally:
        sandbox.stop()


def start_sandbox(publisher_url: str, *, data_dir: Path, port: int) -> tuple[RunningSandbox, MovableClock]:
    """Start the sandbox for a publisher's address; on a free port where its own is taken."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    clock = MovableClock()
    config = SandboxConfig(
        base_url="",
        landing_url=f"{publisher_url}{LANDING_PATH}",
        webhook_url=f"{publisher_url}{WEBHOOK_PATH}",
        data_dir=data_dir,
        clock=clock,
    )
    return run_in_thread(config, HOST, port if _is_free(port) else 0), clock


def demo_settings(url: str, sandbox_url: str, data_dir: Path) -> Settings:
    """Return the settings of a server whose Microsoft is a sandbox."""
    return read_settings(
        data_dir=data_dir,
        database_url=None,
        host=HOST,
        port=int(url.rpartition(":")[2]),
        base_url=url,
        entra_authority=f"{sandbox_url}/entra",
        entra_tenant_id=PUBLISHER_TENANT_ID,
        fulfillment_base_url=f"{sandbox_url}/api",
        ingestion_base_url=f"{sandbox_url}{INGESTION_PATH}",
        azure_base_url=f"{sandbox_url}/azure",
        agent_graph_url=f"{sandbox_url}/entra/graph/v1.0",
        agent_consent_return=f"{sandbox_url}/entra/TokenAuthorize",
        fulfillment_app_id=FULFILLMENT_APP_ID,
        fulfillment_app_secret=FULFILLMENT_APP_SECRET,
        sign_in_app_id=LANDING_APP_ID,
        sign_in_app_secret=LANDING_APP_SECRET,
        consent_app_secrets=json.dumps(
            dict.fromkeys((AT_YOUR_SIDE_APP_ID, DESK_APP_ID, SORTER_APP_ID), WORK_APP_SECRET)
        ),
        log_origin=LOG_ORIGIN,
        publisher_name="Fairmile Software",
        support_url="mailto:support@fairmile.example",
        sandbox_url=sandbox_url,
        crm_kind="dynamics",
        crm_url=f"{sandbox_url}{CRM_PATH}",
        crm_token=CRM_TOKEN,
    )


def run_beside(  # noqa: PLR0913 - everything that is known, by name
    sandbox: RunningSandbox,
    clock: MovableClock,
    bound: socket.socket,
    *,
    data_dir: Path,
    with_customer: bool = False,
    ready: Callable[[Demo], None],
) -> None:
    """Run the server beside a sandbox of this process until it is told to stop."""
    from fairkeeper.bootstrap.application import create_app
    from fairkeeper.bootstrap.demo.agents import prepare_agents
    from fairkeeper.bootstrap.demo.usage import begin_earlier, prepare_usage
    from fairkeeper.bootstrap.installation import open_installation

    url = address_of(bound, HOST)
    installation = open_installation(demo_settings(url, sandbox.url, data_dir), clock)
    begins_earlier = with_customer and begin_earlier(installation, clock)
    token = prepare_people(installation)
    prepare_account(installation)
    apply_consent_plan(installation)
    if begins_earlier:
        prepare_usage(installation, sandbox, clock)
    prepare_agents(installation)
    demo = Demo(url=url, sandbox_url=sandbox.url, owner_token=token)
    run_app(create_app(installation), bound, ready=lambda: ready(demo))


def prepare_people(installation: Installation) -> str:
    """Let the demo publisher's people in, and return the owner's API token; again changes nothing."""
    from fairkeeper.access.actions.people import AddPerson, add_person
    from fairkeeper.access.errors import PersonExistsError
    from fairkeeper.action.runner import Call
    from fairkeeper.bootstrap.local import local_principal

    call = Call(principal=local_principal())
    for person in default_directory().people:
        if person.name in ROLES:
            request = AddPerson(
                tenant_id=person.tenant_id,
                object_id=person.object_id,
                name=person.name,
                email=person.email,
                roles=[ROLES[person.name]],
            )
            try:
                installation.runner.run(add_person, request, call)
            except PersonExistsError:
                continue
    return _owner_token(installation)


def prepare_account(installation: Installation) -> None:
    """State the demo publisher's structure at Partner Center, where none is stated yet."""
    from fairkeeper.accounts.actions.state_structure import ImportStructure, import_structure
    from fairkeeper.accounts.store import newest_structure
    from fairkeeper.action.operation import TextFile
    from fairkeeper.action.runner import Call
    from fairkeeper.bootstrap.local import local_principal

    with installation.database.read() as session:
        if newest_structure(session) is not None:
            return
    text = files("fairkeeper.bootstrap.demo").joinpath("account.yaml").read_text(encoding="utf-8")
    request = ImportStructure(file=TextFile(name="account.yaml", text=text))
    installation.runner.run(import_structure, request, Call(principal=local_principal()))


def apply_consent_plan(installation: Installation) -> None:
    """Let the demo publisher ask for what its desk needs, by the plan beside this module; again changes nothing."""
    from fairkeeper.action.operation import TextFile
    from fairkeeper.action.runner import Call
    from fairkeeper.bootstrap.local import local_principal
    from fairkeeper.consent.actions.apply_plan import ApplyPlan, apply_plan
    from fairkeeper.consent.errors import PlanRefusedError

    text = files("fairkeeper.bootstrap.demo").joinpath("consent.yaml").read_text("utf-8")
    request = ApplyPlan(file=TextFile(name="consent.yaml", text=text))
    with suppress(PlanRefusedError):  # somebody has applied a newer one, and that holds
        installation.runner.run(apply_plan, request, Call(principal=local_principal()))


def _owner_token(installation: Installation) -> str:
    """Return the token of an earlier start while it is good, else a new one; it is kept sealed."""
    from fairkeeper.access.actions.tokens import CreateToken, create_token
    from fairkeeper.access.authentication import authenticate_bearer
    from fairkeeper.access.errors import CredentialsRefusedError
    from fairkeeper.action.runner import Call
    from fairkeeper.bootstrap.local import local_principal
    from fairkeeper.database.secrets import Secret

    with installation.database.read() as session:
        kept = installation.secrets.get(session, OWNER_TOKEN_NAME)
    if kept is not None:
        token = kept.reveal().decode()
        try:
            authenticate_bearer(installation.database, installation.clock, f"Bearer {token}")
        except CredentialsRefusedError:
            pass  # revoked, or the clock was moved past its end
        else:
            return token
    request = CreateToken(name="demo owner", expires_in_days=OWNER_TOKEN_DAYS)
    made = installation.runner.run(create_token, request, Call(principal=local_principal()))
    token = str(made.secret)
    with installation.database.write() as session:
        installation.secrets.put(
            session, OWNER_TOKEN_NAME, Secret(token.encode()), now=installation.clock.now(), replace=True
        )
    return token


def run_sandbox(
    *, port: int, data_dir: Path | None, publisher_url: str | None, as_json: bool, say: Callable[[str], None]
) -> None:
    """Run the sandbox alone until SIGINT or SIGTERM.

    Args:
        port: 0 takes a free one.
        data_dir: Where it remembers; None forgets.
        publisher_url: The server whose landing page and webhook it uses; may be told later on its own pages.
        as_json: How to say that it is ready.
        say: Writes a line.

    Raises:
        UnavailableError: It did not start; the port is taken, for instance.
    """
    if data_dir is not None:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    publisher = publisher_url.rstrip("/") if publisher_url else None
    config = SandboxConfig(
        base_url="",
        landing_url=f"{publisher}{LANDING_PATH}" if publisher else None,
        webhook_url=f"{publisher}{WEBHOOK_PATH}" if publisher else None,
        data_dir=data_dir,
    )
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: ended.set())
    sandbox = run_in_thread(config, HOST, port)
    try:
        say(json.dumps({"sandbox_url": sandbox.url}) if as_json else _sandbox_text(sandbox.url))
        ended.wait()
    finally:
        sandbox.stop()


def _sandbox_text(url: str) -> str:
    """Return how a server is told of this sandbox."""
    told = {
        "FAIRKEEPER_SANDBOX_URL": url,
        "FAIRKEEPER_ENTRA_AUTHORITY": f"{url}/entra",
        "FAIRKEEPER_ENTRA_TENANT_ID": PUBLISHER_TENANT_ID,
        "FAIRKEEPER_FULFILLMENT_BASE_URL": f"{url}/api",
        "FAIRKEEPER_INGESTION_BASE_URL": f"{url}{INGESTION_PATH}",
        "FAIRKEEPER_FULFILLMENT_APP_ID": FULFILLMENT_APP_ID,
        "FAIRKEEPER_FULFILLMENT_APP_SECRET": FULFILLMENT_APP_SECRET,
        "FAIRKEEPER_SIGN_IN_APP_ID": LANDING_APP_ID,
        "FAIRKEEPER_SIGN_IN_APP_SECRET": LANDING_APP_SECRET,
    }
    lines = [f"The pretend Microsoft is at {url}", "A server is told of it by these settings:"]
    return "\n".join([*lines, *(f"  {name}={value}" for name, value in told.items())])


def _is_free(port: int) -> bool:
    try:
        bind(HOST, port).close()
    except PortTakenError:
        return False
    return True
