"""The made-up world: who is in it, and where answers of a sign-in may go."""

from __future__ import annotations

import pytest

from fairkeeper.errors import InvalidError
from fairkeeper.sandbox.directory import (
    AT_YOUR_SIDE_APP_ID,
    DESK_APP_ID,
    FULFILLMENT_APP_ID,
    LANDING_APP_ID,
    PERSONAL_TENANT_ID,
    PUBLISHER_TENANT_ID,
    SORTER_APP_ID,
    AppRegistration,
    Person,
    SignInAudience,
    Tenant,
    default_directory,
)
from fairkeeper.token.authority import is_guid

WORK = (AT_YOUR_SIDE_APP_ID, DESK_APP_ID, SORTER_APP_ID)


def app(*redirect_uris: str) -> AppRegistration:
    return AppRegistration(client_id="1", tenant_id="2", name="Demo", redirect_uris=redirect_uris)


def test_the_demo_has_a_publisher_six_customers_and_personal_accounts() -> None:
    directory = default_directory()
    assert [tenant.name for tenant in directory.tenants] == [
        "Fairmile Software",
        "Contoso",
        "Fabrikam",
        "Northwind",
        "Adatum",
        "Litware",
        "Tailspin",
        "Personal Microsoft accounts",
    ]
    for tenant in directory.tenants:
        people = [person for person in directory.people if person.tenant_id == tenant.id]
        assert len(people) >= 2
        assert [person.is_tenant_admin for person in people] == [not tenant.is_personal] + [False] * (len(people) - 1)


def test_ids_are_guids_and_the_same_at_every_start() -> None:
    first, second = default_directory(), default_directory()
    assert first.people == second.people
    assert first.service_principals == second.service_principals
    ids = [person.object_id for person in first.people] + [tenant.id for tenant in first.tenants]
    assert all(is_guid(each) for each in ids)
    assert len(set(ids)) == len(ids)
    assert len({person.puid for person in first.people}) == len(first.people)


def test_every_domain_is_reserved_for_examples() -> None:
    assert {tenant.domain.rpartition(".")[2] for tenant in default_directory().tenants} == {"example"}


def test_five_applications_are_registered_in_the_publishers_tenant() -> None:
    directory = default_directory()
    audiences = {each.client_id: each.audience for each in directory.apps}
    assert audiences == {
        FULFILLMENT_APP_ID: SignInAudience.SINGLE,
        LANDING_APP_ID: SignInAudience.MULTI_AND_PERSONAL,
        **dict.fromkeys(WORK, SignInAudience.MULTI),
    }
    assert {(each.client_id, each.tenant_id) for each in directory.service_principals} == {
        (FULFILLMENT_APP_ID, PUBLISHER_TENANT_ID),
        (LANDING_APP_ID, PUBLISHER_TENANT_ID),
        *((each, PUBLISHER_TENANT_ID) for each in WORK),
    }


@pytest.mark.parametrize("named", ["contoso.example", "Contoso.EXAMPLE", "c0000001-0000-4000-8000-000000000001"])
def test_tenant_is_found_by_domain_or_id(named: str) -> None:
    tenant = default_directory().tenant(named)
    assert tenant is not None
    assert tenant.name == "Contoso"


def test_unknown_names_are_nobody() -> None:
    directory = default_directory()
    assert directory.tenant("example.invalid") is None
    assert directory.person("nobody") is None
    assert directory.app("none") is None


# Redirect URIs are compared exactly; for localhost the port is left out.
# Source: Microsoft Entra, "Redirect URI (reply URL) outline and restrictions", section "Localhost exceptions".
@pytest.mark.parametrize(
    ("registered", "given", "is_taken"),
    [
        ("https://fairmile.example/callback", "https://fairmile.example/callback", True),
        ("https://fairmile.example/callback", "https://fairmile.example/callback/", False),
        ("https://fairmile.example/callback", "https://fairmile.example:8443/callback", False),
        ("https://fairmile.example/callback", "http://fairmile.example/callback", False),
        ("https://fairmile.example/callback", "https://fairmile.example/callback?x=1", False),
        ("https://fairmile.example/callback", "https://fairmile.example/callback#x", False),
        ("https://fairmile.example/callback", "https://fairmile.example@other.example/callback", False),
        ("https://fairmile.example/callback", "https://other.example/callback", False),
        ("http://localhost/callback", "http://localhost:8700/callback", True),
        ("http://127.0.0.1/*", "http://127.0.0.1:8700/any/path", True),
        ("http://127.0.0.1/*", "http://localhost:8700/any/path", False),
        ("http://127.0.0.1/*", "http://127.0.0.1.other.example/", False),
        ("http://127.0.0.1/*", "http://127.0.0.1:port/", False),
        ("https://fairmile.example/app/*", "https://fairmile.example/application", False),
        ("http://127.0.0.1/*", "", False),
        ("http://127.0.0.1/*", "javascript:alert(1)", False),
    ],
)
def test_answers_go_only_to_registered_addresses(registered: str, given: str, is_taken: bool) -> None:
    assert app(registered).may_redirect_to(given) is is_taken


def test_an_address_can_be_registered_later_once() -> None:
    directory = default_directory()
    for _ in range(2):
        directory.add_redirect_uri(LANDING_APP_ID, "https://office.example/auth/callback")
    registered = directory.app(LANDING_APP_ID)
    assert registered is not None
    assert registered.redirect_uris.count("https://office.example/auth/callback") == 1


@pytest.mark.parametrize(
    ("client_id", "uri"), [("none", "https://a.example/"), (LANDING_APP_ID, "javascript:alert(1)")]
)
def test_an_address_of_no_application_or_no_scheme_is_refused(client_id: str, uri: str) -> None:
    with pytest.raises(InvalidError):
        default_directory().add_redirect_uri(client_id, uri)


def test_a_person_needs_a_tenant() -> None:
    person = Person(object_id="1", tenant_id="2", name="Nobody Nowhere", email="n@nowhere.example", puid="3")
    with pytest.raises(InvalidError):
        default_directory().add_person(person)


def test_service_principal_is_made_once_and_can_be_deleted() -> None:
    directory = default_directory()
    directory.add_tenant(
        Tenant(id="22222222-bbbb-4bbb-8bbb-222222222222", name="Proseware", domain="proseware.example")
    )
    made = directory.add_service_principal(LANDING_APP_ID, "22222222-bbbb-4bbb-8bbb-222222222222")
    assert directory.add_service_principal(LANDING_APP_ID, made.tenant_id) is made
    directory.remove_service_principal(LANDING_APP_ID, made.tenant_id)
    assert directory.service_principal(LANDING_APP_ID, made.tenant_id) is None


def test_personal_accounts_share_one_tenant() -> None:
    tenant = default_directory().tenant(PERSONAL_TENANT_ID)
    assert tenant is not None
    assert tenant.is_personal
