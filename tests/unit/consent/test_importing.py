"""Microsoft's permissions.json: read with patience, laid beside the shipped catalogue, and never a reason to guess."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.action.operation import LargeTextFile, TextFile
from fairkeeper.consent.actions.check_plan import CheckPlans, check_plans, view_permission
from fairkeeper.consent.catalogue.importing import ImportedPermissions, merged, read_permissions
from fairkeeper.consent.catalogue.permissions import Approver, Kind, catalogue
from fairkeeper.consent.errors import PermissionsFileRefusedError

SHIPPED = catalogue()


def file_of(**permissions: dict[str, Any]) -> str:
    return json.dumps({"permissions": {name: {"schemes": schemes} for name, schemes in permissions.items()}})


def scheme(*, admin: bool, level: int = 2) -> dict[str, Any]:
    return {"adminDisplayName": "x", "requiresAdminConsent": admin, "privilegeLevel": level}


def known_with(text: str) -> Any:
    return merged(SHIPPED, read_permissions(text), dated_on=date(2026, 11, 1), source="a copy")


def test_what_the_file_alone_knows_is_known_with_its_date_and_source() -> None:
    known = known_with(
        file_of(**{"Fog.Read": {"DelegatedWork": scheme(admin=False), "Application": scheme(admin=False)}})
    )
    assert SHIPPED.approver("Fog.Read", Kind.DELEGATED) is Approver.UNKNOWN
    assert known.approver("Fog.Read", Kind.DELEGATED) is Approver.USER
    assert known.approver("Fog.Read", Kind.APPLICATION) is Approver.ADMIN
    view = view_permission("Fog.Read", known)
    assert (view.is_known, view.imported_dated_on, view.imported_from) == (True, date(2026, 11, 1), "a copy")
    assert {form.source for form in view.forms} == {"imported"}
    assert {form.source for form in view_permission("Mail.Read", known).forms} == {"shipped"}


def test_an_unknown_permission_stays_unknown() -> None:
    known = known_with(file_of(**{"Fog.Read": {"DelegatedWork": scheme(admin=False)}}))
    assert known.approver("Fog.ReadWrite", Kind.DELEGATED) is Approver.UNKNOWN
    assert known.approver("Fog.Read", Kind.APPLICATION) is Approver.UNKNOWN
    assert not view_permission("Fog.ReadWrite", known).is_known


def test_the_stricter_counts_where_the_two_differ() -> None:
    known = known_with(
        file_of(
            **{
                "Files.Read": {"DelegatedWork": scheme(admin=True)},
                "User.Read.All": {"DelegatedWork": scheme(admin=False)},
            }
        )
    )
    assert known.approver("Files.Read", Kind.DELEGATED) is Approver.ADMIN
    assert known.approver("User.Read.All", Kind.DELEGATED) is Approver.ADMIN
    # What the default policy keeps from users holds for imported facts too.
    assert known.approver("Mail.Read", Kind.DELEGATED) is Approver.MAYBE_USER


def test_one_bad_entry_hides_no_other() -> None:
    text = file_of(
        **{
            "Fog.Read": {"DelegatedWork": scheme(admin=False)},
            "Fog.Write": {"DelegatedWork": {"requiresAdminConsent": "perhaps"}},
            "no name": {"DelegatedWork": scheme(admin=False)},
            "Fog.Own": {"DelegatedPersonal": scheme(admin=False)},
        }
    )
    found = read_permissions(text)
    assert found.names == {"Fog.Read"}
    assert found.left_out == ("Fog.Write", "no name")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "null",
        "[" * 100_000,
        '{"permissions": []}',
        '{"permissions": {}}',
        '{"permissions": {"Fog.Read": 1}}',
        '{"consent_plan": {"version": 1}}',
    ],
    ids=range(9),
)
def test_another_file_is_a_clear_error(text: str) -> None:
    with pytest.raises(PermissionsFileRefusedError) as refused:
        read_permissions(text)
    assert "permissions.json" in str(refused.value.remedy)


@given(st.text(max_size=300) | st.recursive(st.none() | st.booleans() | st.text(), st.lists).map(json.dumps))
def test_nothing_that_is_no_such_file_is_taken(text: str) -> None:
    with pytest.raises(PermissionsFileRefusedError):
        read_permissions(text)


@given(
    st.dictionaries(
        st.from_regex(r"[A-Z][a-z]{1,5}\.Read", fullmatch=True),
        st.tuples(st.booleans(), st.integers(-1, 12)),
        min_size=1,
    )
)
def test_what_is_kept_is_read_back_as_it_was(said: dict[str, tuple[bool, int]]) -> None:
    found = read_permissions(
        file_of(**{name: {"Application": scheme(admin=admin, level=level)} for name, (admin, level) in said.items()})
    )
    again = ImportedPermissions.of_json(json.loads(json.dumps(found.to_json())))
    assert again.facts == found.facts
    known = merged(SHIPPED, found, dated_on=date(2026, 11, 1), source="a copy")
    # An import takes nothing away that was known.
    assert set(SHIPPED.facts) <= set(known.facts)
    assert all(known.facts[key].needs_admin or not fact.needs_admin for key, fact in SHIPPED.facts.items())


def test_a_plan_is_checked_against_a_file_without_any_database() -> None:
    text = """
consent_plan:
  version: 1
  dated_on: 2026-11-22
  publisher: {name: Fairmile Software, home_tenant_id: fa111111-0000-4000-8000-000000000001}
  offers: [{offer_id: desk, type: saas, identity_owner: publisher, description: For everybody.}]
  registrations:
    - {key: fog, name: Fog, app_id: fa111111-0000-4000-8000-0000000000d3, tier: operational_delegated,
       home_tenant_id: fa111111-0000-4000-8000-000000000001, audience: multi_tenant, credential: secret,
       accounts: [fairmile]}
  features:
    - key: see-fog
      title: See the fog
      registration: fog
      acts: with_person
      consent: user
      permissions: [{name: Fog.Read, kind: delegated, reason: To see it.}]
"""
    plan = TextFile(name="plan.yaml", text=text)
    (unknown,) = check_plans.function(CheckPlans(files=[plan])).findings
    assert unknown.code == "consent.permission_unknown"
    listed = LargeTextFile(
        name="permissions.json", text=file_of(**{"Fog.Read": {"DelegatedWork": scheme(admin=False)}})
    )
    assert check_plans.function(CheckPlans(files=[plan], permissions=listed)).findings == ()
    stricter = LargeTextFile(name="p.json", text=file_of(**{"Fog.Read": {"DelegatedWork": scheme(admin=True)}}))
    codes = {each.code for each in check_plans.function(CheckPlans(files=[plan], permissions=stricter)).findings}
    assert codes == {"consent.user_cannot_approve", "consent.description_silent"}
