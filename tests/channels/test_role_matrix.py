"""Every role, every operation and every page: who is let through and who is not, on both databases.

What is expected is the table of `tests/unit/access/test_roles.py`, which was decided and not derived. Who may is decided
by the operation's groups and the role alone, whatever the database; so the whole matrix, staff and customers, is asked of
the installation's own decision point, once. Over real HTTP it is shown that every door asks it: on SQLite each operation
and page is opened by whoever may everything, by one role that may not, and by others in turn; on PostgreSQL, where the
logins and row security are others, each kind of door again, a sample of them by another role.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import httpx
import pytest

from fairkeeper.access.actions.people import add_person
from fairkeeper.access.actions.sign_in import sign_in
from fairkeeper.access.actions.tokens import create_token
from fairkeeper.access.attempts import SignInPurpose
from fairkeeper.access.credentials import digest
from fairkeeper.access.roles import CUSTOMER_ROLES, STAFF_ROLES
from fairkeeper.action.operation import OperationKind
from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.bootstrap.local import local_principal
from fairkeeper.bootstrap.rooms import make_registry
from fairkeeper.errors import DeniedError, NotFoundError
from fairkeeper.sandbox.directory import PUBLISHER_TENANT_ID
from fairkeeper.values.ids import CustomerId
from fairkeeper.web.app import WAYS
from fairkeeper.web.serving.ways import Audience
from tests.channels.routes import own_values, routes_of
from tests.channels.stage import Stage
from tests.channels.web.browsing import SESSION
from tests.unit.access.test_roles import PERMITTED

PEOPLES = {"overview.read", "evidence.read_log"}
"""What every member of staff may, and of programs only those of these roles."""
ALL = {"owner", "auditor"}
BEHIND = {"payouts.upload_file": "payouts.receive_file"}
"""What decides about a route that is derived from no operation."""
SAMPLE = 6
"""On PostgreSQL every so manieth door is tried by a role that may not."""

PAGES = {
    "/customers": "customers.read",
    "/webhooks": "customers.read_notices",
    "/onboarding": "customers.inspect",
    "/settings/people": "access.read",
    "/settings/tokens": "access.read",
    "/settings/change-rules": "customers.read_rules",
}
"""What it takes to read a page; pages that are not here must not break."""


def test_the_decision_point_lets_through_exactly_the_roles_that_were_decided(sqlite_stage: Stage) -> None:
    """Every operation, asked of the one decision point that every channel asks, for every role of either side."""
    wrong, asked, undecided = [], 0, []
    own = CustomerId(sqlite_stage.contoso.customer_id)
    for operation in make_registry():
        if operation.kind is OperationKind.CHECK:
            continue  # only computes, and asks nobody
        if not PERMITTED.keys() >= set(operation.groups):
            undecided.append(operation.name)
            continue
        for role in sorted(STAFF_ROLES | CUSTOMER_ROLES):
            whose = own if role in CUSTOMER_ROLES else None
            kind = PrincipalKind.STAFF if whose is None else PrincipalKind.CUSTOMER
            principal = Principal(id=f"per_{role}", kind=kind, roles=frozenset({role}), customer_id=whose)
            may = any(role in PERMITTED[group] for group in operation.groups)
            try:
                sqlite_stage.installation.authorise(principal, operation, whose)
            except (DeniedError, NotFoundError):
                told = False
            else:
                told = True
            asked += 1
            if told is not may:
                wrong.append(f"{operation.name} as {role}: {'let through' if told else 'refused'}")
    assert wrong == []
    assert undecided == []
    assert asked > 3_000


def expected(role: str, groups: tuple[str, ...]) -> bool:
    """Say whether a token of a role may, as it was decided."""
    return any(role in (ALL if group in PEOPLES else PERMITTED[group]) for group in groups if group in PERMITTED)


@pytest.fixture
def tokens(stage: Stage) -> dict[str, str]:
    """A token of each staff role."""
    made = {}
    for role in sorted(STAFF_ROLES):
        secret = stage.run(create_token, local_principal(), name=f"matrix {role}", roles=[role]).secret
        made[role] = str(secret)
    return made


def test_the_door_of_every_operation_asks_whether_the_role_may(
    stage: Stage, tokens: dict[str, str], failures: list[Any]
) -> None:
    registry = make_registry()
    wrong, asked = [], 0
    turns = cycle(sorted(STAFF_ROLES))
    routes = [route for route in routes_of(stage.app) if not route.is_public and ".fetch_" not in route.name]
    is_sampled = not stage.installation.database.address.is_sqlite
    for route in routes[::SAMPLE] if is_sampled else routes:
        operation = registry.get(BEHIND.get(route.name, route.name))
        values = own_values(stage, stage.contoso, route)
        order = [next(turns) for _ in STAFF_ROLES]
        next(turns)  # so that another role begins with the next operation
        refused = next((role for role in order if not expected(role, operation.groups)), None)
        taken = next((role for role in order if expected(role, operation.groups)), None)
        is_own = set(operation.groups) <= {"messages.own"}
        for role, may in ((refused, False), (taken, True)):
            if role is None or (may and (route.method != "GET" or is_own)):
                continue  # what changes is done by whoever may in the tests of each room
            answer = stage.call(**route.request(values), token=tokens[role])
            asked += 1
            if (answer.status_code == 403) is may or answer.status_code >= 500:
                wrong.append(f"{route.name} as {role}: {answer.status_code}")
    assert wrong == []
    assert asked > (30 if is_sampled else 250)
    assert failures == []


def sessions(stage: Stage) -> Iterator[tuple[str, str]]:
    """Let somebody of each staff role sign in; return the role and the cookie."""
    for number, role in enumerate(sorted(STAFF_ROLES)):
        account: dict[str, Any] = {
            "tenant_id": PUBLISHER_TENANT_ID,
            "object_id": f"0b0f00{number:02d}-0000-4000-8000-000000000001",
        }
        stage.run(add_person, local_principal(), name=f"Somebody of {role}", roles=[role], **account)
        value = f"cookie-of-{role}"
        stage.run(sign_in, cookie_digest=digest(value).hex(), purpose=SignInPurpose.STAFF, **account)
        yield role, value


def test_pages_open_for_exactly_the_roles_that_were_decided_and_break_for_none(
    stage: Stage, failures: list[Any]
) -> None:
    known = {
        "customer": stage.contoso.slug,
        "subscription_id": stage.contoso.subscription_id,
        "notice_id": "1",
        "task_id": "1",
    }
    cookies = dict(sessions(stage))
    is_sampled = not stage.installation.database.address.is_sqlite
    wrong, opened = [], 0
    ways = [way for way in WAYS if way.method == "GET" and way.audience is not Audience.ANYBODY]
    with httpx.Client(headers={"accept": "text/html"}, timeout=30) as browser:
        for number, way in enumerate(ways):
            path = re.sub(r"\{(\w+)\}", lambda found: known.get(found[1], "nothing"), way.path)
            group = PAGES.get(path.removesuffix(".csv").removesuffix(".xlsx"))
            roles = sorted(cookies)
            if group is None and is_sampled and number % SAMPLE:
                continue
            for role in roles if group and not is_sampled else {"owner", roles[number % len(roles)]}:
                answer = browser.get(f"{stage.url}{path}", headers={"cookie": f"{SESSION}={cookies[role]}"})
                status = answer.status_code
                if status >= 500 or (group is not None and (status == 403) is (role in PERMITTED[group])):
                    wrong.append(f"{path} as {role}: {status}")
                opened += 1
    assert wrong == []
    assert opened > (50 if is_sampled else 250)
    assert failures == []
