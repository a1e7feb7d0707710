"""Containers and virtual machines that call home: claimed once, known by their identity, missed when they are silent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from fairkeeper.consent.actions.unlink import unlink
from fairkeeper.consent.deployments.calling import make_claim_code
from fairkeeper.consent.deployments.showing import list_deployments
from fairkeeper.consent.errors import PlanRefusedError
from fairkeeper.consent.lifecycle import LinkState
from fairkeeper.consent.queries import show_customer
from fairkeeper.consent.views import DeploymentView
from fairkeeper.errors import DeniedError
from fairkeeper.sandbox.directory import LANDING_APP_ID, SORTER_APP_ID
from tests.actions.consent.deployed import VAULT_PLAN, served
from tests.actions.consent.world import PLAN, Stage, World, person_of, staff

BOTH_PLANS = PLAN.replace(
    """    - offer_id: fairmile-desk-cluster
      type: container
      identity_owner: customer
      description: The same in your own Kubernetes cluster, with a managed identity of yours.
""",
    VAULT_PLAN.partition("  offers:\n")[2].partition("\n  registrations:")[0] + "\n",
)


@pytest.fixture(scope="module")
def url(stage: Stage) -> Iterator[str]:
    with served(stage) as address:
        yield address


@dataclass(frozen=True, slots=True)
class Home:
    """A customer's instances, which call our server at an address."""

    world: World
    url: str
    slug: str

    def code(self, offer_id: str = "fairmile-desk-cluster") -> str:
        made = self.world.run(make_claim_code, staff(), customer=self.slug, offer_id=offer_id)
        return str(made.code)

    def token(self, company: str = "Contoso", name: str = "cluster", resource: str = LANDING_APP_ID) -> httpx.Response:
        """Get a token as an instance does, from the metadata address of its machine."""
        machine = f"{self.world.sandbox.url}/azure/instances/{self.world.tenant(company)}/{name}"
        return self.world.http.get(
            f"{machine}/metadata/identity/oauth2/token",
            params={"resource": resource, "api-version": "2018-02-01"},
            headers={"metadata": "true"},
        )

    def call(self, code: str = "", *, token: str | None = None, **whose: Any) -> httpx.Response:
        bearer = self.token(**whose).json()["access_token"] if token is None else token
        return self.world.http.post(
            f"{self.url}/marketplace/instances",
            headers={"authorization": f"Bearer {bearer}"},
            json={"claim_code": code} if code else None,
        )

    def shown(self) -> list[DeploymentView]:
        customer_id = self.world.shown(self.slug).customer_id
        found: tuple[DeploymentView, ...] = self.world.run(list_deployments, staff())
        return [each for each in found if each.customer_id == customer_id]

    def access(self) -> list[tuple[str, str]]:
        grants = self.world.shown(self.slug).grants
        return [(each.registration, each.state.value) for each in grants if each.deployment_id is not None]


@pytest.fixture
def home(world: World, url: str) -> Home:
    world.apply(BOTH_PLANS)
    return Home(world=world, url=url, slug=world.buy("Cora Contoso"))


@pytest.mark.parametrize(
    ("offer_id", "key"), [("fairmile-desk-cluster", "run-desk"), ("fairmile-desk-machine", "run-desk-machine")]
)
def test_the_whole_life_of_an_instance(home: Home, offer_id: str, key: str) -> None:
    world, code = home.world, home.code(offer_id)
    answer = home.call(code)
    assert answer.status_code == 200, answer.text
    assert answer.json()["call_again_seconds"] == 43_200
    world.work()
    (shown,) = home.shown()
    assert (shown.state, shown.tenant_id, shown.offer_id) == ("running", world.tenant("Contoso"), offer_id)
    assert shown.resource_id.endswith("/userAssignedIdentities/cluster")
    assert home.access() == [(key, "verified")]
    (grant,) = [each for each in world.shown(home.slug).grants if each.registration == key]
    assert (grant.can_be_proved_by, grant.lines) == ("call_home", ())

    # It calls again, without the code, and stays what it is.
    for _ in range(3):
        world.move(hours=12)
        assert home.call().status_code == 200
    assert home.access() == [(key, "verified")]
    assert len(home.shown()) == 1

    # The customer takes its identity away: silence, a suspicion, and an end.
    world.move(hours=27)
    world.move(hours=25)
    assert (home.shown()[0].state, home.access()) == ("missed", [(key, "suspected_lost")])
    assert home.call().status_code == 200
    world.work()
    assert (home.shown()[0].state, home.access()) == ("running", [(key, "verified")])
    for _ in range(8):
        world.move(hours=25)
    assert (home.shown()[0].state, home.access()) == ("ended", [(key, "revoked")])
    assert home.call().status_code == 403

    # The subscription of the same customer goes on, and a new code begins a new grant.
    assert world.link(home.slug).state == LinkState.LINKED
    assert home.call(home.code(offer_id)).status_code == 200
    world.work()
    assert home.access()[-1] == (key, "verified")


def test_who_makes_a_code_and_for_what(home: Home) -> None:
    customer_id = home.world.shown(home.slug).customer_id
    for somebody in (person_of(customer_id), staff("finance")):
        with pytest.raises(DeniedError):
            home.world.run(make_claim_code, somebody, customer=customer_id, offer_id="fairmile-desk-cluster")
    # The customer's administrators make their own, told by what stands with their link, and see that it was made.
    own = home.world.run(
        make_claim_code,
        person_of(customer_id, "customer_admin"),
        customer=customer_id,
        offer_id="fairmile-desk-cluster",
    )
    shown = home.world.run(show_customer, person_of(customer_id, "customer_admin"), customer=customer_id)
    assert own.code_id in {each.code_id for each in shown.codes}
    assert own.code not in repr(shown)
    assert set(shown.calling) == {"fairmile-desk-cluster", "fairmile-desk-machine"}
    with pytest.raises(PlanRefusedError):
        home.world.run(
            make_claim_code, person_of(customer_id, "customer_admin"), customer=customer_id, offer_id="fairmile-vault"
        )
    with pytest.raises(PlanRefusedError):
        home.world.run(make_claim_code, staff(), customer=customer_id, offer_id="fairmile-vault")
    # People read it out and type it as they like.
    assert home.call(home.code().lower().replace("-", " ")).status_code == 200


def test_a_code_counts_once_and_for_its_own_tenant(home: Home) -> None:
    world, code = home.world, home.code()
    world.control("/service-principals", client_id=LANDING_APP_ID, tenant_id=world.tenant("Fabrikam"))
    stolen = home.call(code, company="Fabrikam")
    assert (stolen.status_code, stolen.json()["error"]["code"]) == (403, "consent.claim_code_refused")
    assert home.call(code).status_code == 200
    # The same instance may repeat itself, another one may not.
    assert home.call(code).status_code == 200
    assert home.call(code, name="another").status_code == 403
    world.work()
    assert len(home.shown()) == 1
    assert [kind for kind in world.kinds() if kind.startswith("instance")] == [
        "instance_refused",
        "instance_registered",
        "instance_refused",
    ]


def test_refusals_say_the_same_whatever_the_reason(home: Home) -> None:
    used, late = home.code(), home.code()
    assert home.call(used).status_code == 200
    home.world.move(days=8)
    answers = [
        home.call(used, name="another"),
        home.call(late, name="another"),
        home.call("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE", name="another"),
        home.call("", name="another"),
    ]
    assert {each.status_code for each in answers} == {403}
    assert {each.json()["error"]["code"] for each in answers} == {"consent.claim_code_refused"}


def test_only_a_managed_identitys_token_for_us_is_believed(home: Home) -> None:
    code = home.code()
    nothing = home.world.http.post(f"{home.url}/marketplace/instances", json={"claim_code": code})
    assert (nothing.status_code, nothing.json()["error"]["code"]) == (401, "api.instance_token_missing")
    assert home.call(code, token="a.b.c").status_code == 401
    # For another application, and of an application that is no instance's identity.
    other = home.token(resource="https://management.azure.com")
    assert other.status_code == 400
    home.world.control("/service-principals", client_id=SORTER_APP_ID, tenant_id=home.world.tenant("Contoso"))
    assert home.call(code, token=home.token(resource=SORTER_APP_ID).json()["access_token"]).status_code == 401
    without_idtyp = home.world.sandbox.controls.directory.app(LANDING_APP_ID)
    assert without_idtyp is not None
    plain = home.world.http.post(
        f"{home.world.sandbox.url}/entra/{home.world.tenant('Contoso')}/oauth2/v2.0/token",
        data={
            "grant_type": "client_credentials",
            "client_id": LANDING_APP_ID,
            "client_secret": without_idtyp.secrets[0],
            "scope": f"{LANDING_APP_ID}/.default",
        },
    ).json()["access_token"]
    assert home.call(code, token=plain).status_code == 401
    assert home.shown() == []


def test_an_identity_is_refused_until_our_application_is_present(home: Home) -> None:
    answer = home.token(company="Fabrikam")
    assert answer.status_code == 400
    assert "AADSTS500011" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [b"nothing", b"[]", b'{"claim_code": 1}', b'{"claim_code": "' + b"a" * 200 + b'"}', b"\xff", b"[" * 2_000],
    ids=range(6),
)
def test_a_malformed_call_is_refused_and_never_breaks(home: Home, body: bytes) -> None:
    token = home.token().json()["access_token"]
    answer = home.world.http.post(
        f"{home.url}/marketplace/instances", headers={"authorization": f"Bearer {token}"}, content=body
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "api.call_home_malformed")


def test_a_call_beyond_its_limit_is_refused(home: Home) -> None:
    answer = home.world.http.post(f"{home.url}/marketplace/instances", content=b"x" * 5_000)
    assert answer.status_code in {401, 413}


def test_an_end_of_trust_ends_codes_and_access(home: Home) -> None:
    code, unused = home.code(), home.code()
    home.call(code)
    home.world.work()
    home.world.run(unlink, staff(), customer=home.slug, reason="They asked for it.")
    assert home.access() == [("run-desk", "revoked")]
    assert home.call(unused, name="another").status_code == 403
    # It is heard, and heard alone: no link and no grant comes of it.
    home.call()
    home.world.work()
    home.world.move(hours=25)
    assert home.world.link(home.slug).state in {LinkState.UNLINKING, LinkState.UNLINKED}
    assert home.access() == [("run-desk", "revoked")] or home.access() == []
