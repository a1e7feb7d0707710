"""An agent of the publisher's in a customer's tenant: blueprint, identity, consent, token, loss, and the end of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from fairkeeper.consent.actions.tokens import take_token
from fairkeeper.consent.actions.unlink import erase_words, unlink
from fairkeeper.consent.agents.asking import begin_agent_consent, look_at_agent
from fairkeeper.consent.agents.placing import AgentPlaced, place_agent_identity, record_agent_identity
from fairkeeper.consent.errors import AgentIdentityRefusedError, GrantNotFoundError, GrantNotVerifiedError
from fairkeeper.consent.lifecycle import LinkState
from fairkeeper.consent.tables import TenantTokenRow
from fairkeeper.consent.views import AgentView
from fairkeeper.customers.actions.revoke import revoke_customer
from fairkeeper.customers.queries import list_receipts
from fairkeeper.database.session import Scope
from fairkeeper.errors import DeniedError, FairkeeperError
from fairkeeper.governance.actions.contain import contain
from fairkeeper.governance.actions.register_agent import register_agent
from fairkeeper.proof.receipt import verify_receipt
from fairkeeper.sandbox.directory import SORTER_APP_ID, WORK_APP_SECRET
from tests.actions.consent.world import PRODUCT, World, person_of, staff

SORTER_PLAN = (Path(__file__).parents[3] / "examples" / "offers" / "sorter.yaml").read_text("utf-8")


@dataclass
class Sorter:
    """The sorter in Contoso's tenant, which bought it and was asked for it."""

    world: World
    slug: str
    page: str

    @property
    def shown(self) -> AgentView:
        (agent,) = self.world.shown(self.slug).agents
        return agent

    @property
    def identity_id(self) -> str:
        assert self.shown.identity_id is not None
        return self.shown.identity_id

    def place(self, by: Any = None, **named: Any) -> AgentPlaced:
        fields = named or {"sponsor_id": self.world.person("Cora Contoso").object_id}
        placed: AgentPlaced = self.world.run(
            place_agent_identity, by or staff(), customer=self.slug, registration="sorter", **fields
        )
        self.world.work()
        return placed

    def consent(self, decision: str = "accept") -> dict[str, str]:
        """Let the administrator go where the page leads; return what Microsoft's page was asked."""
        grant_id = self.world.grant_row(self.slug, "sorter").grant_id
        asked = self.world.run(begin_agent_consent, page=self.page, grant_id=grant_id)
        address = self.world.installation.consent.agent_address(
            asked.client_id, asked.tenant_id, application=asked.application, delegated=asked.delegated
        )
        form = dict(parse_qsl(urlsplit(address).query))
        answer = self.world.http.post(
            address.partition("?")[0],
            data={**form, "object_id": self.world.person("Cora Contoso").object_id, decision: "1"},
            follow_redirects=False,
        )
        assert answer.status_code == 302, answer.text
        assert answer.headers["location"].startswith(f"{self.world.sandbox.url}/entra/TokenAuthorize")
        self.world.run(look_at_agent, page=self.page, grant_id=grant_id)
        self.world.work()
        return form

    def state(self) -> str:
        return self.world.state(self.slug, "sorter")

    def served(self) -> bool:
        try:
            taken = self.world.run(take_token, PRODUCT, customer=self.slug, registration="sorter")
        except FairkeeperError:
            return False
        return taken.token is not None

    def working(self) -> None:
        """Place it and let the administrator consent, to the blueprint and to the identity."""
        self.place()
        self.consent()
        self.consent()
        assert (self.state(), self.served()) == ("verified", True)

    def made_there(self) -> str:
        """Let an identity of the blueprint be made by somebody else than us; return its id."""
        http, url, tenant_id = self.world.http, self.world.sandbox.url, self.world.tenant("Contoso")
        form = {
            "grant_type": "client_credentials",
            "client_id": SORTER_APP_ID,
            "client_secret": WORK_APP_SECRET,
            "scope": "https://graph.microsoft.com/.default",
        }
        token = http.post(f"{url}/entra/{tenant_id}/oauth2/v2.0/token", data=form).json()["access_token"]
        sponsor = f"https://graph.microsoft.com/v1.0/users/{self.world.person('Cora Contoso').object_id}"
        made = http.post(
            f"{url}/entra/graph/v1.0/servicePrincipals/microsoft.graph.agentIdentity",
            headers={"authorization": f"Bearer {token}"},
            json={
                "displayName": "Sorter",
                "agentIdentityBlueprintId": SORTER_APP_ID,
                "sponsors@odata.bind": [sponsor],
            },
        )
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    def at_microsoft(self, **changes: Any) -> None:
        tenant_id = self.world.tenant("Contoso")
        self.world.control("/agent-identities", id=self.identity_id, tenant_id=tenant_id, **changes)


@pytest.fixture
def sorter(world: World) -> Sorter:
    world.apply(SORTER_PLAN)
    slug = world.buy("Cora Contoso", "team", seats=5)
    return Sorter(world=world, slug=slug, page=world.ask(slug))


def test_the_whole_life_of_an_agent_identity(sorter: Sorter) -> None:
    world = sorter.world
    assert (sorter.shown.state, sorter.shown.blueprint_app_id, sorter.state()) == (None, SORTER_APP_ID, "requested")

    # A sponsor is named; without the blueprint's principal nothing can be made, and that is waited for.
    sorter.place()
    assert sorter.shown.state == "awaiting_blueprint"
    assert sorter.shown.try_at is not None
    asked = sorter.consent()
    assert (asked["client_id"], asked["scope"]) == (SORTER_APP_ID, "openid")
    assert "role" not in asked

    # The blueprint makes the identity by itself; it can do nothing yet, and no token is served.
    assert (sorter.shown.state, sorter.state(), sorter.served()) == ("present", "requested", False)
    agents = world.http.get(f"{world.sandbox.url}/entra/control/agent-identities").json()["agents"]
    (made,) = [each for each in agents if each["id"] == sorter.identity_id]
    assert (made["tenant_id"], made["blueprint_id"]) == (world.tenant("Contoso"), SORTER_APP_ID)
    assert made["sponsors"][0].endswith(f"/users/{world.person('Cora Contoso').object_id}")

    # The administrator consents to the identity by name. Nothing comes back; a token proves it.
    asked = sorter.consent()
    assert (asked["client_id"], asked["role"]) == (sorter.identity_id, "Sites.Selected")
    assert (sorter.state(), sorter.served()) == ("verified", True)
    (grant,) = world.shown(sorter.slug).grants
    assert (grant.can_be_proved_by, [line.name for line in grant.lines if line.is_effective]) == (
        "exchanged_token",
        ["Sites.Selected"],
    )

    # Its tenant disables it: a suspicion, then a loss; no token is served from the suspicion on.
    sorter.at_microsoft(is_enabled=False)
    world.move(hours=25)
    assert (sorter.state(), sorter.served(), sorter.shown.state) == ("suspected_lost", False, "present")
    sorter.at_microsoft()
    world.move(hours=5)
    assert (sorter.state(), sorter.served()) == ("verified", True)

    # Its tenant deletes it, which is seen twice, and asking again is a new grant with an identity of its own.
    before = sorter.identity_id
    sorter.at_microsoft(is_deleted=True)
    world.move(hours=25)
    world.move(hours=5)
    assert (sorter.state(), sorter.shown.state) == ("revoked", "removed")
    assert sorter.shown.note == "it was deleted in the tenant"
    sorter.page = world.ask(sorter.slug)
    sorter.place()
    sorter.consent()
    assert sorter.identity_id != before
    assert [each.state.value for each in world.shown(sorter.slug).grants] == ["verified"]


def test_deleting_the_blueprint_ends_every_token_before_the_clean_up(sorter: Sorter) -> None:
    world = sorter.world
    sorter.working()
    world.control("/service-principals", client_id=SORTER_APP_ID, tenant_id=world.tenant("Contoso"), is_deleted=True)
    world.move(hours=25)
    assert (sorter.state(), sorter.served()) == ("suspected_lost", False)
    world.move(hours=5)
    assert (sorter.state(), sorter.shown.state) == ("revoked", "removed")
    assert sorter.shown.note == "its blueprint was removed in the tenant"


def test_the_end_of_the_link_stops_tokens_takes_the_identity_away_and_says_what_remains(sorter: Sorter) -> None:
    world = sorter.world
    sorter.working()
    world.run(revoke_customer, staff(), customer=sorter.slug, reason="The customer asked for it.")
    assert not sorter.served()
    assert world.own(TenantTokenRow) == []
    world.work()
    (line,) = world.run(list_receipts, staff("auditor"), customer=sorter.slug)
    world.installation.integrator.run_until_current()
    exporter = world.installation.exporter
    report = verify_receipt(exporter.write_receipt(exporter.find_entry(line.entry_id, Scope(None))))
    assert report.ok, report.findings
    assert report.statement is not None
    statement: Any = report.statement
    remaining = {(thing["kind"], thing["app_id"]) for thing in statement["remaining"]}
    assert {
        ("agent_identity", sorter.identity_id),
        ("enterprise_application", SORTER_APP_ID),
        ("application_grant", SORTER_APP_ID),
    } & remaining >= {("agent_identity", sorter.identity_id), ("enterprise_application", SORTER_APP_ID)}
    (steps,) = [thing["steps"] for thing in statement["remaining"] if thing["kind"] == "agent_identity"]
    assert any("Agent ID" in step for step in steps)

    # The blueprint takes its own identity away; the rest is the customer's, and is looked for.
    world.move(minutes=6)
    remains = {each.app_id: each.gone_at is not None for each in world.shown(sorter.slug).remaining}
    assert remains[sorter.identity_id]
    assert not remains[SORTER_APP_ID]
    assert sorter.shown.state == "removed"
    agents = world.http.get(f"{world.sandbox.url}/entra/control/agent-identities").json()["agents"]
    (left,) = [each for each in agents if each["id"] == sorter.identity_id]
    assert left["is_deleted"]
    for app_id in remains:
        if app_id != sorter.identity_id:
            world.control("/service-principals", client_id=app_id, tenant_id=world.tenant("Contoso"), is_deleted=True)
    world.move(hours=7)
    assert world.link(sorter.slug).state == LinkState.UNLINKED


def test_an_identity_that_the_customer_made_counts_when_a_token_proves_whose_child_it_is(sorter: Sorter) -> None:
    world, tenant_id = sorter.world, sorter.world.tenant("Contoso")
    world.control("/service-principals", client_id=SORTER_APP_ID, tenant_id=tenant_id)
    stranger = "fa111111-0000-4000-8000-00000000beef"
    sorter.place(identity_id=stranger)
    world.control("/consents", client_id=SORTER_APP_ID, tenant_id=tenant_id, application=["Sites.Selected"])
    assert (sorter.state(), sorter.served()) == ("requested", False)
    own = sorter.made_there()
    sorter.place(identity_id=own)
    world.control("/consents", client_id=own, tenant_id=tenant_id, application=["Sites.Selected"])
    grant_id = world.grant_row(sorter.slug, "sorter").grant_id
    world.run(look_at_agent, page=sorter.page, grant_id=grant_id)
    world.work()
    assert (sorter.state(), sorter.served()) == ("verified", True)


def test_inherited_permissions_are_seen_as_not_asked_for(sorter: Sorter) -> None:
    world, tenant_id = sorter.world, sorter.world.tenant("Contoso")
    sorter.working()
    world.control(
        "/consents", client_id=sorter.identity_id, tenant_id=tenant_id, application=["Sites.Selected", "Mail.Read"]
    )
    world.move(hours=25)
    assert sorter.state() == "drifted"
    assert "not asked for: Mail.Read" in (world.shown(sorter.slug).grants[0].note or "")


def test_a_held_agent_gets_no_token_whatever_its_identity_was_granted(sorter: Sorter) -> None:
    world = sorter.world
    sorter.working()
    agent_id = world.run(
        register_agent,
        staff("owner"),
        name=f"sorter-{sorter.slug}",
        environment="live",
        version="1",
        title="Sorter",
        owner="Operations",
        accountable="Olivia Owner",
        acts_for="the customer",
        publisher_duties="Sorts.",
        customer_duties="Names the sites.",
        customer_id=world.shown(sorter.slug).customer_id,
    ).agent_id
    sorter.place(agent_id=agent_id)
    assert sorter.served()
    world.run(contain, staff("owner"), scope="agent", subject_id=agent_id, state="paused", reason="It sorts wrongly.")
    with pytest.raises(AgentIdentityRefusedError, match="paused"):
        world.run(take_token, PRODUCT, customer=sorter.slug, registration="sorter")
    assert sorter.state() == "verified"


def test_a_policy_of_the_tenant_against_agents_is_no_revocation(sorter: Sorter) -> None:
    world = sorter.world
    sorter.working()
    world.control("/faults", code=53003, count=40, client_id=sorter.identity_id)
    world.move(hours=25)
    world.move(hours=5)
    assert (sorter.state(), world.shown(sorter.slug).grants[0].note) == ("verified", "a policy of the tenant blocks it")


def test_a_fault_of_our_own_is_never_the_customers(sorter: Sorter) -> None:
    world = sorter.world
    sorter.working()
    world.control("/faults", code=7000215, count=40, client_id=SORTER_APP_ID)
    world.move(hours=25)
    world.move(hours=5)
    (grant,) = world.shown(sorter.slug).grants
    assert (grant.state, grant.own_fault) == ("verified", "our own secret or certificate is refused")


def test_who_places_an_agent_and_what_cannot_be_placed(sorter: Sorter) -> None:
    customer_id = sorter.world.shown(sorter.slug).customer_id
    with pytest.raises(DeniedError):
        sorter.place(person_of(customer_id), sponsor_id=sorter.world.person("Cora Contoso").object_id)
    sponsor = sorter.world.person("Cora Contoso").object_id
    assert sorter.place(person_of(customer_id, "customer_admin"), sponsor_id=sponsor).state == "awaiting_blueprint"
    for fields in (
        {"registration": "sign-in", "sponsor_id": sponsor},
        {"registration": "sorter"},
    ):
        with pytest.raises(AgentIdentityRefusedError):
            sorter.world.run(place_agent_identity, staff(), customer=sorter.slug, **fields)
    with pytest.raises(FairkeeperError, match="agent"):
        sorter.place(sponsor_id=sponsor, agent_id="agt_nobody")
    with pytest.raises(GrantNotVerifiedError):
        sorter.world.run(take_token, PRODUCT, customer=sorter.slug, registration="sorter")


def test_a_sponsor_who_is_not_of_the_tenant_is_refused_by_microsoft_and_another_may_be_named(sorter: Sorter) -> None:
    sorter.world.control("/service-principals", client_id=SORTER_APP_ID, tenant_id=sorter.world.tenant("Contoso"))
    sorter.place(sponsor_id="fa111111-0000-4000-8000-00000000dead")
    assert sorter.shown.state == "refused"
    assert "Request_BadRequest" in (sorter.shown.note or "")
    sorter.place()
    assert sorter.shown.state == "present"


def test_an_agents_page_belongs_to_its_own_page_alone(sorter: Sorter) -> None:
    other = sorter.world.buy("Freya Fabrikam", "team", seats=5)
    page = sorter.world.ask(other)
    with pytest.raises(GrantNotFoundError):
        sorter.world.run(
            begin_agent_consent, page=page, grant_id=sorter.world.grant_row(sorter.slug, "sorter").grant_id
        )


def test_an_identity_made_while_the_link_ended_is_taken_away_again(sorter: Sorter) -> None:
    world, placed_id = sorter.world, sorter.place().placed_id
    world.control("/service-principals", client_id=SORTER_APP_ID, tenant_id=world.tenant("Contoso"))
    world.run(record_agent_identity, placed_id=placed_id, state="creating")
    made = sorter.made_there()
    world.run(unlink, staff(), customer=sorter.slug, reason="The customer asked for it.")
    world.run(record_agent_identity, placed_id=placed_id, state="present", identity_id=made)
    world.move(minutes=6)
    assert {each.app_id for each in world.shown(sorter.slug).remaining if each.gone_at} >= {made}
    agents = world.http.get(f"{world.sandbox.url}/entra/control/agent-identities").json()["agents"]
    assert [each["is_deleted"] for each in agents if each["id"] == made] == [True]


def test_an_answer_that_was_lost_is_asked_for_no_second_time(sorter: Sorter) -> None:
    world, placed_id = sorter.world, sorter.place().placed_id
    world.control("/service-principals", client_id=SORTER_APP_ID, tenant_id=world.tenant("Contoso"))
    assert world.run(record_agent_identity, placed_id=placed_id, state="creating").has_changed
    assert not world.run(record_agent_identity, placed_id=placed_id, state="creating").has_changed
    before = len(world.http.get(f"{world.sandbox.url}/entra/control/agent-identities").json()["agents"])
    world.move(minutes=3)
    assert sorter.shown.state == "creating"
    world.move(minutes=4)
    assert (sorter.shown.state, sorter.shown.note) == ("unclear", "the answer to an earlier request was lost")
    world.move(hours=25)
    assert len(world.http.get(f"{world.sandbox.url}/entra/control/agent-identities").json()["agents"]) == before
    # Somebody looked, and it was not made.
    sorter.place()
    assert sorter.shown.state == "present"


def test_what_names_a_person_is_erased_with_a_customers_words(sorter: Sorter) -> None:
    sorter.place()
    before = sorter.shown
    assert before.sponsor_id is not None
    customer_id = sorter.world.shown(sorter.slug).customer_id
    with sorter.world.installation.database.write() as session:
        erase_words(session, customer_id)  # type: ignore[arg-type]
    erased = sorter.shown
    assert [erased.sponsor_id, erased.note] == [None, None]
