"""A whole rehearsal around server processes: the pretend Microsoft, a crowd that buys and changes, the publisher.

Everything but the servers runs in the test's process and survives them; so what was acknowledged, handed over and
answered is known from outside, and can be held against what the servers kept.
"""

from __future__ import annotations

import base64
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import select

from fairkeeper.access.actions.tokens import CreateToken, create_token
from fairkeeper.action.runner import Call
from fairkeeper.bootstrap.installation import Installation, open_installation
from fairkeeper.bootstrap.local import local_principal
from fairkeeper.bootstrap.settings import Settings, read_settings
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.database.session import Database
from fairkeeper.database.tasks import TaskRow, TaskState
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.sandbox.config import SandboxConfig
from fairkeeper.sandbox.control import Controls
from fairkeeper.sandbox.directory import (
    FULFILLMENT_APP_ID,
    FULFILLMENT_APP_SECRET,
    PUBLISHER_TENANT_ID,
)
from fairkeeper.sandbox.marketplace.buyers import as_party
from fairkeeper.sandbox.marketplace.operations import Source, Wanted
from fairkeeper.sandbox.marketplace.purchases import Order
from fairkeeper.sandbox.runner import RunningSandbox, run_in_thread
from fairkeeper.sandbox.webhooks.courier import CourierSettings
from fairkeeper.sandbox.webhooks.deliveries import DeliveryStatus, RetryRule
from fairkeeper.values.clock import SystemClock
from tests.stories.forked_server import ForkedServer, database_settings
from tests.stories.publisher_side import WEBHOOK_PATH, FrontDoor, PublishersSystems

LEASE_SECONDS: Final = 2
_PLAN, _SEATS = "team-plus", 10
_IMPATIENT: Final = CourierSettings(
    retry=RetryRule(interval=timedelta(seconds=0.2), attempts=100_000), floor_seconds=0.2, senders=8
)
"""Microsoft calls again each minute; nobody here can wait so long."""


def wait_until(is_so: Callable[[], bool], *, seconds: float, what: str, look_seconds: float = 0.02) -> None:
    """Wait for something.

    Args:
        is_so: Whether it has come.
        seconds: How long to wait at most.
        what: In words, for the message.
        look_seconds: How long to wait between looks, longer where a look costs something.

    Raises:
        AssertionError: It did not come.
    """
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < seconds, f"after {seconds} seconds still not: {what}"
        time.sleep(look_seconds)


class Crowd:
    """Customers of several companies who buy, renew, change seats, are suspended and reinstated, and leave.

    Each step makes Microsoft send one webhook. Nobody takes the next step while Microsoft waits for an answer.

    Args:
        controls: The sandbox's.
        chance: Who does something next.
    """

    def __init__(self, controls: Controls, chance: random.Random) -> None:
        self._market = controls.market
        self._chance = chance
        self._people = [person for person in controls.directory.people if person.tenant_id != PUBLISHER_TENANT_ID]
        self._steps_taken: dict[str, int] = {}
        market = self._market
        self._steps: tuple[Callable[[str], object], ...] = (
            market.renew,
            lambda each: market.request_change(each, Wanted(quantity=_SEATS + 1), source=Source.AZURE),
            market.renew,
            market.renew,
            market.suspend,
            market.request_reinstatement,
            market.renew,
            market.cancel,
        )

    @property
    def subscription_ids(self) -> list[str]:
        """Everything that was bought."""
        return list(self._steps_taken)

    def story_of(self, subscription_id: str) -> list[str]:
        """Return what happened to a subscription at Microsoft, for whoever has to find out why something is missing."""
        operations = self._market.operations_of(subscription_id)
        return [f"{each.action.value} at {each.started_at:%H:%M:%S.%f}: {each.status.value}" for each in operations]

    def act(self, count: int) -> None:
        """Take this many steps, a few of them new purchases."""
        able = [each for each in self._steps_taken if self._may_go_on(each)]
        for each in self._chance.sample(able, min(len(able), count * 9 // 10)):
            self._steps[self._steps_taken[each]](each)
            self._steps_taken[each] += 1
            count -= 1
        for _ in range(count):
            buyer = as_party(self._chance.choice(self._people))
            order = Order(plan_id=_PLAN, quantity=_SEATS, purchaser=buyer, beneficiary=buyer)
            self._steps_taken[self._market.purchase(order).id] = 0

    def _may_go_on(self, subscription_id: str) -> bool:
        is_at_end = self._steps_taken[subscription_id] == len(self._steps)
        return not is_at_end and not self._market.awaiting_answer(subscription_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What stands around the servers.

    Attributes:
        settings: What each server is told.
        token: An owner's.
    """

    sandbox: RunningSandbox
    door: FrontDoor
    systems: PublishersSystems
    crowd: Crowd
    database: Database
    settings: Mapping[str, str]
    token: str
    folder: Path
    chance: random.Random = field(repr=False)
    servers: list[ForkedServer] = field(default_factory=list, repr=False)

    def start_server(self) -> ForkedServer:
        """Begin to start a server; it ends with the rehearsal at the latest."""
        server = ForkedServer(self.settings, self.folder / f"server-{len(self.servers)}.log")
        self.servers.append(server)
        return server

    def kill(self, server: ForkedServer) -> None:
        """Kill a server, with whatever is on its way to it; nothing comes to it any more."""
        server.kill()
        self.door.close_to(server.url)

    def open_installation(self) -> Installation:
        """Open the servers' database in this process, with nothing running in the background."""
        return open_installation(_own_settings(self.settings), SystemClock())

    def wait_until_settled(self, *, seconds: float = 240) -> None:
        """Wait until nothing is left to do now."""
        wait_until(self._is_settled, seconds=seconds, what="nothing is left to do", look_seconds=0.25)

    def _is_settled(self) -> bool:
        return not self._has_open_webhooks() and self.systems.is_idle and not self._has_work() and not self._is_asked()

    def _has_open_webhooks(self) -> bool:
        deliveries = self.sandbox.controls.courier.deliveries()
        return any(each.status is not DeliveryStatus.DELIVERED for each in deliveries)

    def _has_work(self) -> bool:
        """Say whether a task is due or waits to be tried again, or an entry has no place in the log yet."""
        waits_again = TaskRow.name.startswith("customers.") & TaskRow.last_error.is_not(None)
        is_due = (TaskRow.state == TaskState.OPEN, (TaskRow.due_at <= SystemClock().now()) | waits_again)
        with self.database.read() as session:
            tasks = session.scalars(select(TaskRow.id).where(*is_due).limit(1)).all()
            entries = session.scalars(select(EntryRow.id).where(EntryRow.leaf_index.is_(None)).limit(1)).all()
        return bool(tasks or entries)

    def _is_asked(self) -> bool:
        """Say whether Microsoft waits for an answer."""
        market = self.sandbox.controls.market
        return any(market.awaiting_answer(each) for each in self.crowd.subscription_ids)


def started_server(rehearsal: Rehearsal) -> ForkedServer:
    """Start a server, wait until it is ready, and let requests come to it."""
    server = rehearsal.start_server()
    server.wait_until_ready()
    rehearsal.door.open_to(server.url)
    return server


def three_servers(rehearsal: Rehearsal) -> list[ForkedServer]:
    """Start three servers at once."""
    servers = [rehearsal.start_server() for _ in range(3)]
    for server in servers:
        server.wait_until_ready()
        rehearsal.door.open_to(server.url)
    return servers


@contextmanager
def rehearse(
    address: DatabaseAddress, folder: Path, *, seed: int, lease_seconds: int = LEASE_SECONDS
) -> Iterator[Rehearsal]:
    """Set everything up but the servers.

    Args:
        address: Of an empty database.
        folder: For the servers' files.
        seed: Of everything that is left to chance.
        lease_seconds: How long claimed work is left to one server.
    """
    chance = random.Random(seed)
    secret = f"whsec_{base64.b64encode(chance.randbytes(32)).decode()}"
    door = FrontDoor(random.Random(seed + 1))
    systems = PublishersSystems(secret, door)
    with door.serving() as door_url:
        sandbox = run_in_thread(
            SandboxConfig(base_url="", webhook_url=f"{door_url}{WEBHOOK_PATH}", courier=_IMPATIENT, seed=seed)
        )
        settings = _server_settings(address, folder, sandbox.url) | {
            "base_url": door_url,
            "provisioning_secret": secret,
            "task_lease_seconds": str(lease_seconds),
        }
        token = first_token(settings)
        database = Database(address)
        try:
            with systems.serving(token) as systems_url:
                rehearsal = Rehearsal(
                    sandbox=sandbox,
                    door=door,
                    systems=systems,
                    crowd=Crowd(sandbox.controls, chance),
                    database=database,
                    settings={**settings, "provisioning_url": systems_url},
                    token=token,
                    folder=folder,
                    chance=chance,
                )
                try:
                    yield rehearsal
                finally:
                    for server in rehearsal.servers:
                        server.kill()
        finally:
            sandbox.stop()
            database.dispose()


def _server_settings(address: DatabaseAddress, folder: Path, sandbox_url: str) -> dict[str, str]:
    return {
        **database_settings(address),
        "data_dir": str(folder),
        "port": "0",
        "sandbox_url": sandbox_url,
        "entra_authority": f"{sandbox_url}/entra",
        "entra_tenant_id": PUBLISHER_TENANT_ID,
        "fulfillment_base_url": f"{sandbox_url}/api",
        "ingestion_base_url": f"{sandbox_url}/ingestion/rp/product-ingestion",
        "fulfillment_app_id": FULFILLMENT_APP_ID,
        "fulfillment_app_secret": FULFILLMENT_APP_SECRET,
        "log_level": "warning",
    }


def _own_settings(settings: Mapping[str, str]) -> Settings:
    return read_settings(**{**settings, "workers": 0})


def first_token(settings: Mapping[str, str]) -> str:
    """Make the tables, the log's first key and an owner's token."""
    installation = open_installation(_own_settings(settings), SystemClock())
    try:
        call = Call(principal=local_principal())
        return str(installation.runner.run(create_token, CreateToken(name="rehearsal"), call).secret)
    finally:
        installation.close()
