"""An installation opens on an empty database and on its own of yesterday, and refuses what does not belong to it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from fairkeeper.access.people import PERSONAL_ACCOUNTS_TENANT
from fairkeeper.access.queries import WhoAmI, who_am_i
from fairkeeper.access.tables import ApiTokenRow
from fairkeeper.action.runner import Call
from fairkeeper.bootstrap.connectors import make_provisioner
from fairkeeper.bootstrap.demo.running import demo_settings, prepare_people
from fairkeeper.bootstrap.installation import Installation, open_installation
from fairkeeper.bootstrap.local import LocalExecutor, local_principal
from fairkeeper.bootstrap.ports import (
    CustomersTokens,
    MirroredCustomers,
    PeopleToErase,
    SignInAppRemains,
    SuspendedCustomers,
)
from fairkeeper.bootstrap.settings import Settings, SettingsError, read_settings
from fairkeeper.customers.tables import CustomerRow, SubscriptionRow
from fairkeeper.database.secrets import MasterKeys, SecretKeyError
from fairkeeper.database.session import Database
from fairkeeper.evidence.actions import RotateLogKey, rotate_log_key
from fairkeeper.outbound.provisioning import NothingToSetUp, ProvisioningFunction, ProvisioningWebhook
from fairkeeper.values.clock import FixedClock, MovableClock, SystemClock
from fairkeeper.values.ids import CustomerId, SubscriptionId, TenantId, TokenId
from tests.databases import PostgresServer

CONTOSO = CustomerId("cus_CONTOSO")
TENANT = TenantId("c0000001-0000-4000-8000-000000000001")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings of an installation that was never opened, one for each database."""
    shared = {"data_dir": tmp_path, "workers": 0, "base_url": "https://fairkeeper.fairmile.example"}
    if request.param == "sqlite":
        yield read_settings(**shared)
        return
    server: PostgresServer = request.getfixturevalue("postgresql_server")
    name = f"empty_{uuid.uuid4().hex[:12]}"
    server.create(name, template="template1")
    address = server.address(name)
    yield read_settings(
        **shared,
        database_url=address.url,
        database_customer_url=address.customer_url,
        database_owner_url=address.owner_url,
    )
    server.drop(name)


@contextmanager
def opened(settings: Settings) -> Iterator[Installation]:
    installation = open_installation(settings)
    try:
        yield installation
    finally:
        installation.close()


def test_an_empty_database_becomes_an_installation(settings: Settings) -> None:
    with opened(settings) as installation:
        assert installation.log_reader.checkpoint().startswith(b"fairkeeper.fairmile.example\n0\n")
        who = installation.runner.run(who_am_i, WhoAmI(), Call(principal=local_principal()))
        assert who.roles == ["owner"]


def test_the_log_keeps_its_name_when_the_address_changes(settings: Settings) -> None:
    with opened(settings) as installation:
        chain = installation.log_reader.key_statements()
    moved = settings.model_copy(update={"base_url": "https://elsewhere.fairmile.example"})
    with opened(moved) as installation:
        assert installation.log_keys.origin == "fairkeeper.fairmile.example"
        installation.runner.run(rotate_log_key, RotateLogKey(), Call(principal=local_principal()))
        assert installation.integrator.run_until_current() == 1
        assert installation.log_reader.checkpoint().startswith(b"fairkeeper.fairmile.example\n1\n")
        assert installation.log_reader.key_statements()[:1] == chain


def test_another_name_for_the_log_is_refused(settings: Settings) -> None:
    with opened(settings):
        pass
    with pytest.raises(SettingsError, match=r"named fairkeeper\.fairmile\.example"):
        open_installation(settings.model_copy(update={"log_origin": "other.example/log"}))


def test_a_master_key_that_did_not_seal_this_database_is_noticed(settings: Settings, tmp_path: Path) -> None:
    with opened(settings):
        pass
    (tmp_path / "master.key").write_text(MasterKeys.new_key())
    with pytest.raises(SecretKeyError), opened(settings) as installation:
        installation.runner.run(rotate_log_key, RotateLogKey(), Call(principal=local_principal()))


def test_the_command_line_waits_for_an_entrys_place(settings: Settings) -> None:
    executor = LocalExecutor(open_installation(settings))
    lines = b"".join(executor.export(None)).splitlines()
    executor.close()
    assert len(lines) == 3
    assert b'"entries":1' in lines[2]


def test_the_publishers_code_is_called_as_it_was_set(settings: Settings) -> None:
    with opened(settings) as installation:

        def provisioner(**given: object) -> object:
            return make_provisioner(
                settings.model_copy(update=given), installation.database, installation.secrets, SystemClock()
            )

        assert isinstance(provisioner(), NothingToSetUp)
        assert isinstance(provisioner(provisioning_url="http://127.0.0.1:9/"), ProvisioningWebhook)
        assert isinstance(provisioner(provisioning_entry_point="json:dumps"), ProvisioningFunction)
        with pytest.raises(SettingsError, match="both set"):
            provisioner(provisioning_url="http://127.0.0.1:9/", provisioning_entry_point="json:dumps")
        with pytest.raises(SettingsError, match="cannot be loaded"):
            provisioner(provisioning_entry_point="json:nothing")


def contoso() -> CustomerRow:
    return CustomerRow(
        customer_id=CONTOSO, slug="contoso", name="Contoso", tenant_id=TENANT, created_at=SystemClock().now()
    )


def subscription(number: int, status: str) -> SubscriptionRow:
    return SubscriptionRow(
        subscription_id=SubscriptionId(f"5a1e0000-0000-4000-8000-00000000000{number}"),
        customer_id=CONTOSO,
        status=status,
        status_text=status,
        provisioning="ready",
        operation="enabled",
        allowed_operations=[],
        private_offer_ids=[],
        read_at=SystemClock().now(),
    )


@pytest.mark.parametrize(
    ("statuses", "is_suspended"),
    [
        ([], False),
        (["Subscribed"], False),
        (["Suspended"], True),
        (["Suspended", "Subscribed"], False),
        (["Suspended", "Unsubscribed"], True),
    ],
)
def test_a_customer_is_suspended_when_nothing_of_it_is_active(
    database: Database, statuses: list[str], is_suspended: bool
) -> None:
    with database.write() as session:
        session.add(contoso())
        session.flush()
        session.add_all(subscription(number, status) for number, status in enumerate(statuses))
    suspended = SuspendedCustomers(database)
    assert suspended.is_suspended(CONTOSO) is is_suspended
    assert suspended.is_suspended(CustomerId("cus_FABRIKAM")) is False


def test_a_customers_tokens_are_stopped_once_and_told_again(database: Database) -> None:
    now = SystemClock().now()
    with database.write() as session:
        session.add(contoso())
        session.flush()
        for number, owner in enumerate([CONTOSO, CONTOSO, None]):
            session.add(
                ApiTokenRow(
                    id=TokenId(f"tok_{number}"),
                    digest=bytes([number]) * 32,
                    name=f"token {number}",
                    roles=["customer_admin"],
                    customer_id=owner,
                    created_by="per_1",
                    created_at=now,
                    signs_in_once=False,
                )
            )
    for _ in range(2):
        with database.write() as session:
            stopped = CustomersTokens().stop(session, CONTOSO, now=now)
        assert [(thing.name, thing.stopped_at) for thing in stopped] == [("tok_0", now), ("tok_1", now)]
    with database.read() as session:
        alive = session.scalars(select(ApiTokenRow.name).where(ApiTokenRow.revoked_at.is_(None))).all()
    assert alive == ["token 2"]


def test_a_tenant_leads_to_its_customer(database: Database) -> None:
    with database.write() as session:
        session.add(contoso())
    with database.read() as session:
        assert MirroredCustomers().customer_of(session, TENANT, "anybody") == CONTOSO
        assert MirroredCustomers().customer_of(session, TenantId("other"), "anybody") is None
    with database.write() as session:
        assert PeopleToErase().erase(session, CONTOSO, now=SystemClock().now())[0].count == 0


@pytest.mark.parametrize(
    ("app_id", "tenant_id", "kinds"),
    [
        ("app-1", TENANT, ["enterprise_application", "delegated_grant", "portal_entry"]),
        (None, TENANT, ["portal_entry"]),
        ("app-1", PERSONAL_ACCOUNTS_TENANT, ["portal_entry"]),
        ("app-1", None, ["portal_entry"]),
    ],
)
def test_what_remains_is_the_sign_in_app_where_there_is_one(
    database: Database, app_id: str | None, tenant_id: TenantId | None, kinds: list[str]
) -> None:
    remains = SignInAppRemains(app_id=app_id, name="Fairmile sign-in")
    with database.read() as session:
        assert [thing.kind.value for thing in remains.remaining(session, tenant_id)] == kinds


def test_the_demos_people_are_let_in_once(tmp_path: Path) -> None:
    wanted = demo_settings("http://127.0.0.1:8700", "http://127.0.0.1:8701", tmp_path)
    clock = MovableClock(FixedClock(SystemClock().now()))
    installation = open_installation(wanted.model_copy(update={"workers": 0}), clock)
    token = prepare_people(installation)
    entries = installation.integrator.run_until_current()
    assert prepare_people(installation) == token
    assert installation.integrator.run_until_current() == 0
    assert entries == 7
    installation.close()
