"""Every role, every operation and every page: who is let through and who is not, over real HTTP on both databases.

What is expected is the table of `tests/unit/access/test_roles.py`, which was decided and not derived; here it is held
against what the server does. Whatever a role may not do is really asked for; what it may and only reads, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from fairkeeper.access.actions.people import add_person
from fairkeeper.access.actions.sign_in import sign_in
from fairkeeper.access.actions.tokens import create_token
from fairkeeper.access.attempts import SignInPurpose
from fairkeeper.access.credentials import digest
from fairkeeper.access.roles import STAFF_ROLES
from fairkeeper.bootstrap.local import local_principal
from fairkeeper.bootstrap.rooms import make_registry
from fairkeeper.sandbox.directory import PUBLISHER_TENANT_ID
from fairkeeper.web.app import WAYS
from fairkeeper.web.serving.ways import Audience
from tests.channels.parameters import own_values, routes_of
from tests.channels.stage import Stage
from tests.channels.web.browsing import SESSION
from tests.unit.access.test_roles import PERMITTED

PEOPLES = {"overview.read", "evidence.read_log"}
"""What every member of staff may, and of programs only those of these roles."""
ALL = {"owner", "auditor"}
BEHIND = {"payouts.upload_file": "payouts.receive_file"}
"""What decides about a route that is derived from no operation."""

PAGES = {
    "/customers": "customers.read",
    "/webhooks": "customers.read_notices",
    "/onboarding": "customers.inspect",
    "/settings/people": "access.read",
    "/settings/tokens": "access.read",
    "/settings/change-rules": "customers.read_rules",
}
"""What it takes to read a page; pages that are not here must not break."""


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


def test_every_operation_lets_through_exactly_the_roles_that_were_decided(
    stage: Stage, tokens: dict[str, str], failures: list[Any]
) -> None:
    registry = make_registry()
    wrong, asked = [], 0
    for route in routes_of(stage.app):
        if route.is_public or route.name.startswith("evidence.fetch_"):
            continue
        operation = registry.get(BEHIND.get(route.name, route.name))
        if not PERMITTED.keys() >= set(operation.groups):
            continue  # the table does not say yet; its own test does
        values = own_values(stage, stage.contoso, route)
        for role, token in tokens.items():
            may = expected(role, operation.groups) and not set(operation.groups) <= {"messages.own"}
            if may and route.method != "GET":
                continue  # done by whoever may, in the tests of each room
            answer = stage.call(**route.request(values), token=token)
            asked += 1
            told = "let through" if answer.status_code != 403 else "refused"
            if (answer.status_code == 403) is may or answer.status_code >= 500:
                wrong.append(f"{route.name} as {role}: {told} ({answer.status_code})")
    assert wrong == []
    assert asked > 400
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


def test_every_page_opens_for_exactly_the_roles_that_were_decided_and_breaks_for_none(
    stage: Stage, failures: list[Any]
) -> None:
    known = {
        "customer": stage.contoso.slug,
        "subscription_id": stage.contoso.subscription_id,
        "notice_id": "1",
        "task_id": "1",
    }
    wrong, opened = [], 0
    for role, value in sessions(stage):
        with httpx.Client(cookies={SESSION: value}, headers={"accept": "text/html"}, timeout=30) as browser:
            for way in WAYS:
                if way.method != "GET" or way.audience is Audience.ANYBODY:
                    continue
                path = re.sub(r"\{(\w+)\}", lambda found: known.get(found[1], "nothing"), way.path)
                status = browser.get(f"{stage.url}{path}").status_code
                group = PAGES.get(path.removesuffix(".csv").removesuffix(".xlsx"))
                if status >= 500 or (group is not None and (status == 403) is (role in PERMITTED[group])):
                    wrong.append(f"{path} as {role}: {status}")
                opened += 1
    assert wrong == []
    assert opened > 300
    assert failures == []
