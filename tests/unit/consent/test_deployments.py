"""Rules of deployments: what a notice is read as, what a reading, an elevation, a code and silence lead to."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.action.operation import TextFile
from fairkeeper.consent.actions.check_plan import judge
from fairkeeper.consent.asking.probing import CONFIRM_AFTER
from fairkeeper.consent.deployments.calling_home import (
    Code,
    Instance,
    digest_of_code,
    judge_silence,
    new_claim_code,
    refuse_code,
)
from fairkeeper.consent.deployments.elevation import ElevationReading, judge_elevation, next_look_at
from fairkeeper.consent.deployments.notices import digest_of_resource, is_application, knows_secret, read_notice
from fairkeeper.consent.deployments.reading import (
    LIVE,
    Answer,
    ApplicationReading,
    DeploymentState,
    Known,
    Verdict,
    judge_reading,
)
from fairkeeper.consent.lifecycle import GrantEvent, GrantState, move_grant
from fairkeeper.consent.plan.control import CONTROL_OF
from fairkeeper.consent.plan.plan import AccessWay, OfferType, Tier

VAULT_PLAN = (Path(__file__).parents[3] / "examples" / "offers" / "vault.yaml").read_text("utf-8")
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
OWN = ApplicationReading(
    answer=Answer.FOUND, tenant_id="t", publisher_tenant_id="P", offer_id="vault", provisioning="Succeeded"
)
VAULT = (
    "/subscriptions/5a000000-0000-4000-8000-000000000001/resourceGroups/papers"
    "/providers/Microsoft.Solutions/applications/vault"
)


def judged(known: Known, reading: ApplicationReading) -> Verdict:
    return judge_reading(known, reading, publisher_tenant_id="p", offers=frozenset({"vault"}), now=NOW)


# -------------------- notices


@given(st.binary(max_size=400))
def test_no_body_breaks_the_reading(body: bytes) -> None:
    notice = read_notice(body)
    assert (notice.resource_id is None) == bool(notice.trouble)


@given(st.dictionaries(st.text(max_size=20), st.recursive(st.none() | st.text() | st.integers(), st.lists), max_size=5))
def test_only_a_resource_of_the_right_form_is_looked_for(document: dict[str, object]) -> None:
    notice = read_notice(json.dumps({**document, "applicationId": document.get("x")}).encode())
    assert notice.resource_id is None
    assert len(notice.event) <= 40


def test_a_notice_names_where_to_look() -> None:
    body = {"eventType": "DELETE", "applicationId": f"{VAULT}/", "provisioningState": "Deleted", "more": [1]}
    notice = read_notice(json.dumps(body).encode())
    assert (notice.resource_id, notice.says_gone, notice.trouble) == (VAULT, True, "")


@pytest.mark.parametrize(
    "resource_id",
    [
        VAULT.replace("papers", ".."),
        VAULT.replace("papers", "a/b"),
        VAULT.replace("vault", "vault?x=1"),
        VAULT.replace("vault", "vault#x"),
        VAULT.replace("vault", "va%2Fult"),
        VAULT.replace("vault", "v" * 91),
        VAULT.replace("vault", "vault\n"),
        f"https://evil.example{VAULT}",
        f"/{VAULT}",
        VAULT.replace("Solutions", "Compute"),
    ],
)
def test_what_could_lead_elsewhere_is_no_application(resource_id: str) -> None:
    assert not is_application(resource_id)


@given(st.text(), st.lists(st.text(alphabet=st.characters(codec="utf-8")), max_size=3))
def test_a_secret_is_known_if_it_is_one_of_them(given_secret: str, secrets: list[str]) -> None:
    assert knows_secret(given_secret, secrets) == (given_secret in secrets)


@given(st.sampled_from([VAULT, VAULT.upper(), f"{VAULT}/", VAULT.lower()]))
def test_a_resource_has_one_digest_however_it_is_written(resource_id: str) -> None:
    assert digest_of_resource(resource_id) == digest_of_resource(VAULT)


# -------------------- readings


@given(
    st.sampled_from(sorted(DeploymentState)),
    st.sampled_from(sorted(Answer)),
    st.booleans(),
    st.sampled_from([None, NOW - timedelta(minutes=1), NOW - CONFIRM_AFTER]),
)
def test_nothing_ends_that_azure_shows_and_nothing_begins_that_it_does_not(
    state: DeploymentState, answer: Answer, says_gone: bool, missed_at: datetime | None
) -> None:
    known = Known(state=state, tenant_id="t", says_gone=says_gone, missed_at=missed_at)
    verdict = judged(known, replace(OWN, answer=answer))
    if answer is Answer.FOUND:
        assert verdict == Verdict(state=DeploymentState.RUNNING)
    else:
        assert verdict.state not in LIVE - {DeploymentState.MISSED}
        was_confirmed = state in LIVE
        assert (verdict.state is DeploymentState.ENDED) == (
            state is DeploymentState.ENDED
            or (was_confirmed and (missed_at == NOW - CONFIRM_AFTER or (says_gone and answer is Answer.ABSENT)))
        )


@pytest.mark.parametrize(
    ("reading", "note"),
    [
        (replace(OWN, tenant_id=None), "its subscription names no tenant"),
        (replace(OWN, publisher_tenant_id="q"), "it is another publisher's"),
        (replace(OWN, publisher_tenant_id=None), "it is another publisher's"),
        (replace(OWN, offer_id="desk"), "the consent plan has no managed application desk"),
        (replace(OWN, offer_id=None), "the consent plan has no managed application without a plan"),
    ],
)
def test_what_is_not_ours_is_foreign(reading: ApplicationReading, note: str) -> None:
    assert judged(Known(state=DeploymentState.HEARD), reading) == Verdict(state=DeploymentState.FOREIGN, note=note)


def test_another_tenants_subscription_is_never_taken_over() -> None:
    known = Known(state=DeploymentState.RUNNING, tenant_id="t")
    assert judged(known, replace(OWN, tenant_id="u")).state is DeploymentState.FOREIGN


def test_roles_are_those_of_the_principal_and_none_where_management_is_off() -> None:
    reader = "/x/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
    own = replace(OWN, roles=frozenset({("a", reader), ("b", "custom"), ("a", "CUSTOM")}))
    assert own.roles_of("A") == {"Reader", "custom"}
    assert replace(own, is_managed=False).roles_of("a") == frozenset()


# -------------------- elevations


@given(
    st.sampled_from(sorted(GrantState)),
    st.sampled_from([None, "", "Approved", "Pending", "Denied", "Expired", "Canceled", "Timeout", "Failed", "Fog"]),
    st.sampled_from([None, NOW - timedelta(seconds=1), NOW, NOW + timedelta(hours=1)]),
    st.sampled_from([frozenset[str](), frozenset({"Reader"}), frozenset({"Contributor", "Reader"})]),
)
def test_an_elevation_moves_only_as_its_grant_can(
    state: GrantState, word: str | None, until_at: datetime | None, roles: frozenset[str]
) -> None:
    reading = ElevationReading(state=word, until_at=until_at, roles=roles)
    verdict = judge_elevation(state, reading, NOW, asked=frozenset({"Contributor"}))
    if verdict.event is None:
        return
    after = move_grant(state, verdict.event)
    is_in_time = word == "Approved" and until_at is not None and until_at > NOW
    assert (after is GrantState.VERIFIED) == (is_in_time and "Contributor" in roles)
    if after is GrantState.VERIFIED:
        at = next_look_at(after, NOW, until_at)
        assert at is not None
        assert NOW < at <= NOW + timedelta(hours=1)


def test_an_approval_that_cannot_be_read_holds_nothing() -> None:
    reading = ElevationReading(state="Approved", until_at=None, roles=frozenset({"Contributor"}))
    verdict = judge_elevation(GrantState.PENDING_ADMIN, reading, NOW, asked=frozenset({"Contributor"}))
    assert verdict.event is GrantEvent.WITHDRAW


# -------------------- calling home


def test_codes_are_many_and_read_as_they_are_typed() -> None:
    codes = {new_claim_code() for _ in range(50)}
    assert len(codes) == 50
    assert all(len(code.replace("-", "")) == 25 for code in codes)
    assert {digest_of_code(code.lower().replace("-", "  ")) for code in codes} == {
        digest_of_code(each) for each in codes
    }


@given(st.booleans(), st.booleans(), st.sampled_from([None, "identity:t/o", "another"]), st.integers(-2, 2))
def test_a_code_opens_for_its_tenant_once_and_in_time(
    is_own: bool, is_withdrawn: bool, used_by: str | None, days: int
) -> None:
    instance = Instance(tenant_id="t" if is_own else "u", object_id="o")
    code = Code(tenant_id="t", expires_at=NOW + timedelta(days=days), is_withdrawn=is_withdrawn, used_by=used_by)
    opens = not refuse_code(code, instance, NOW)
    is_repeated = used_by == "identity:t/o"
    assert opens == (is_own and not is_withdrawn and used_by != "another" and (is_repeated or days > 0))


@given(st.integers(0, 400), st.sampled_from(sorted(DeploymentState)))
def test_silence_is_a_suspicion_before_it_is_an_end(hours: int, state: DeploymentState) -> None:
    verdict = judge_silence(state, NOW - timedelta(hours=hours), NOW)
    if hours >= 168:
        assert verdict.state is DeploymentState.ENDED
    elif hours >= 26:
        assert verdict.state is DeploymentState.MISSED
    else:
        assert verdict.state in {DeploymentState.RUNNING, DeploymentState.ENDED}


# -------------------- the table of offer types, and the plan's access


def test_every_offer_type_has_its_control() -> None:
    assert set(CONTROL_OF) == set(OfferType)
    assert {way for each in CONTROL_OF.values() for way in each.ways} >= {*AccessWay, Tier.AGENT}


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("way: just_in_time_access", "way: own_identity", "consent.access_unfit"),
        (
            "type: managed_application\n      identity_owner: shared",
            "type: saas\n      identity_owner: publisher",
            None,
        ),
        ("roles: [Reader]", "roles: [Owner]", "consent.standing_access_too_broad"),
        ("          principal_id: fa111111-0000-4000-8000-0000000000e1\n", "", "consent.access_unfit"),
        ("key: repair-vault", "key: watch-vault", "consent.plan_malformed"),
        ("hours: 8", "hours: 25", "consent.plan_malformed"),
    ],
)
def test_access_that_does_not_fit_is_found(before: str, after: str, code: str | None) -> None:
    assert before in VAULT_PLAN
    _, findings = judge(TextFile(name="plan.yaml", text=VAULT_PLAN.replace(before, after, 1)))
    found = [finding.code for finding in findings]
    assert found == ([code] if code else ["consent.access_unfit", "consent.access_unfit"])


def test_the_examples_plan_has_no_finding() -> None:
    _, findings = judge(TextFile(name="plan.yaml", text=VAULT_PLAN))
    assert list(findings) == []
