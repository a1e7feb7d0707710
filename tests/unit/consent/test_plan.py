"""The consent plan: the clean one has no finding, each of twelve faults its own and no other, and bad files say why."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairkeeper.action.operation import TextFile
from fairkeeper.bootstrap.programs import Installed
from fairkeeper.cli.root import run
from fairkeeper.consent.actions.check_plan import CheckPlans, check_plans, judge
from fairkeeper.consent.catalogue.permissions import catalogue
from fairkeeper.consent.plan import kinds
from fairkeeper.consent.plan.checks import RULES
from fairkeeper.consent.plan.plan import Tier
from fairkeeper.consent.plan.reading import (
    DecisionShape,
    FeatureShape,
    OfferShape,
    PermissionShape,
    PlanShape,
    PublisherShape,
    RegistrationShape,
    read_plan,
)

EXAMPLES = Path(__file__).parents[3] / "examples" / "consent"
CLEAN = (EXAMPLES / "clean.yaml").read_text("utf-8")
SORTER = (EXAMPLES.parent / "offers" / "sorter.yaml").read_text("utf-8")
FAULTS = sorted(EXAMPLES.glob("fault-*.yaml"))


def codes(text: str) -> list[str]:
    _, findings = judge(TextFile(name="plan.yaml", text=text))
    return [finding.code for finding in findings]


def changed(*replacements: tuple[str, str]) -> str:
    text = CLEAN
    for before, after in replacements:
        assert before in text
        text = text.replace(before, after, 1)
    return text


def test_the_clean_plan_has_no_finding() -> None:
    assert codes(CLEAN) == []


def test_there_are_twelve_faults_with_twelve_codes() -> None:
    found = [codes(path.read_text("utf-8")) for path in FAULTS]
    assert len(FAULTS) == len({code for each in found for code in each}) == 12


@pytest.mark.parametrize("path", FAULTS, ids=lambda path: path.stem)
def test_each_fault_gives_its_own_finding_and_nothing_else(path: Path) -> None:
    name = path.stem.removeprefix("fault-").replace("-", "_")
    _, findings = judge(TextFile(name=str(path), text=path.read_text("utf-8")))
    (finding,) = findings
    assert finding.code == f"consent.{name}"
    assert finding.row is not None
    assert finding.path is not None
    assert finding.file == str(path)
    assert finding.subject is not None


def test_the_command_line_finds_them_and_ends_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    paths = sorted(str(path) for path in EXAMPLES.glob("*.yaml"))
    assert run(Installed(), ["consent", "check", *paths, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    by_file = {file["file"]: file["errors"] for file in document["files"]}
    assert by_file == {str(path): int(path.stem != "clean") for path in sorted(EXAMPLES.glob("*.yaml"))}
    assert all(finding["remedy"] and finding["explained_by"] for finding in document["findings"])


def test_an_application_permission_that_is_not_registered_is_found() -> None:
    assert codes(changed(("application: [Mail.Read, Mail.Send]", "application: [Mail.Read]"))) == [
        "consent.permission_unregistered"
    ]


def test_a_permission_that_serves_no_call_of_its_feature_is_found() -> None:
    text = changed(('["PUT /me/drive/items/{id}/content"]', '["GET /me/contacts"]'))
    assert codes(text) == ["consent.permission_unneeded"]


def test_a_call_that_the_catalogue_does_not_hold_proves_nothing() -> None:
    text = changed(('["PUT /me/drive/items/{id}/content"]', '["GET /me/weather"]'))
    assert codes(text) == []


def test_one_application_for_two_tiers_leaks() -> None:
    text = changed(("app_id: fa111111-0000-4000-8000-0000000000d3", "app_id: fa111111-0000-4000-8000-0000000000d4"))
    assert codes(text) == ["consent.default_leaks_tier"]


def test_only_what_is_asked_for_after_activation_belongs_to_an_offers_plan() -> None:
    plan = read_plan(CLEAN).plan
    assert plan is not None
    asked = plan.features_for("fairmile-desk", "business")
    assert [feature.key for feature in asked] == ["read-mailboxes", "answer-mail", "save-answers"]
    assert plan.features_for("fairmile-desk", "starter") == ()
    assert {plan.tier_of(feature) for feature in asked} == {Tier.OPERATIONAL_APPLICATION, Tier.OPERATIONAL_DELEGATED}


@pytest.mark.parametrize(
    ("replacement", "path"),
    [
        (("acts: alone", "acts: sometimes"), "features/1/acts"),
        (("version: 1", "version: 0"), "version"),
        (("tier: landing", "tier: lobby"), "registrations/0/tier"),
        (("      registration: desk\n", "      registration: attic\n"), "features/1/registration"),
        (("offers: [fairmile-desk]", "offers: [fairmile-disk]"), "features/1/offers"),
        (("key: answer-mail", "key: read-mailboxes"), "features/2"),
        (("dated_on: 2026-11-22", "dated_on: yesterday"), "dated_on"),
    ],
)
def test_a_misspelt_value_is_named_with_its_line(replacement: tuple[str, str], path: str) -> None:
    read, findings = judge(TextFile(name="plan.yaml", text=changed(replacement)))
    assert read.plan is None
    (finding,) = findings
    assert (finding.code, finding.path) == ("consent.plan_malformed", path)
    assert finding.row is not None


@pytest.mark.parametrize(
    "text", ["", "consent_plan: [", "{}", "- a", "other: {}", "a: &x 1", "consent_plan:\n  a: 1\n  a: 2"]
)
def test_a_file_that_is_no_plan_says_so(text: str) -> None:
    found = codes(text)
    assert found
    assert set(found) <= {"consent.plan_unreadable", "consent.plan_malformed"}


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_but_never_a_crash(text: str) -> None:
    for each in (text, f"consent_plan:\n  features: [{text}]", CLEAN.replace("Mail.Read", text or "x")):
        judge(TextFile(name="plan.yaml", text=each))


def test_every_kind_of_finding_belongs_to_a_rule() -> None:
    declared = {value.code for name, value in vars(kinds).items() if name.isupper()}
    seen = {code for path in FAULTS for code in codes(path.read_text("utf-8"))}
    others = {"consent.plan_unreadable", "consent.plan_malformed", "consent.permission_unregistered"}
    others |= {"consent.access_unfit", "consent.standing_access_too_broad"}
    others |= {f"consent.agent_{what}" for what in ("unfit", "unreachable", "inherits_too_much", "secret")}
    assert declared == seen | others
    assert len(RULES) == len(set(RULES))


@pytest.mark.parametrize(
    ("replacement", "code"),
    [
        (("acts: as_agent", "acts: alone"), "consent.agent_unfit"),
        (
            ("    - key: sign-in\n      name: Fairmile sign-in\n", "    - key: sign-in\n      has_agent_user: true\n"),
            "consent.plan_malformed",
        ),
        (
            ("      accounts: [fairmile]\n", "      accounts: [fairmile]\n      has_agent_user: true\n"),
            "consent.agent_unfit",
        ),
        (("audience: multi_tenant\n", "audience: single_tenant\n"), "consent.agent_unreachable"),
        (
            ("[Sites.Selected]\n", "[Sites.Selected]\n      inheritable: [Sites.Selected]\n"),
            "consent.agent_inherits_too_much",
        ),
        (("identity_owner: shared", "identity_owner: publisher"), "consent.identity_owner_mismatch"),
        (("consent: admin", "consent: user"), "consent.user_consent_too_little"),
        (("application: [Sites.Selected]", "application: [User.ReadWrite.All]"), "consent.permission_unneeded"),
    ],
)
def test_each_fault_of_an_agents_plan_gives_its_own_finding(replacement: tuple[str, str], code: str) -> None:
    assert codes(SORTER) == []
    assert code in codes(SORTER.replace(*replacement, 1))


def test_a_blueprint_with_a_secret_and_an_agent_offer_without_a_blueprint_are_found() -> None:
    at = SORTER.index("key: sorter")
    secret = SORTER[:at] + SORTER[at:].replace("credential: federated", "credential: secret", 1)
    assert codes(secret) == ["consent.agent_secret"]
    head, _, tail = SORTER.partition("    - key: sort-documents")
    assert "consent.agent_unfit" in codes(head + "\n  decisions:" + tail.partition("\n  decisions:")[2])


def test_findings_name_the_dates_of_what_they_rest_on() -> None:
    answer = check_plans.function(CheckPlans(files=[TextFile(name="clean.yaml", text=CLEAN)]))
    assert answer.catalogue_dated_on == catalogue().dated_on
    assert answer.findings == ()


def test_every_key_of_a_plan_is_in_the_guide() -> None:
    text = (EXAMPLES.parents[1] / "docs" / "how-to" / "plan-consent.md").read_text("utf-8")
    shapes = (PlanShape, PublisherShape, OfferShape, RegistrationShape, FeatureShape, PermissionShape, DecisionShape)
    keys = {key for shape in shapes for key in shape.model_fields}
    assert sorted(key for key in keys if key not in text) == []


def test_the_demo_applies_the_clean_plan() -> None:
    shipped = files("fairkeeper.bootstrap.demo").joinpath("consent.yaml").read_text("utf-8")
    assert shipped == CLEAN
