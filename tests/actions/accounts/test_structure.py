"""The structure in force: imported, shown, drawn, compared with what the account itself shows, added to."""

from __future__ import annotations

import json

import pytest

from fairkeeper.accounts.actions.state_structure import adopt_seen, ask_products, import_structure, observe_file
from fairkeeper.accounts.errors import NoStructureError, ObservationUnreadableError, StructureUnreadableError
from fairkeeper.accounts.queries import draw_structure, list_differences, show_structure
from fairkeeper.database.session import Database
from fairkeeper.errors import DeniedError
from tests.actions.accounts.world import EXAMPLES, FINN, Account

USERS = """Display name,User principal name,Roles,Publisher
Olga Owner,olga.owner@fairmile.example,Global administrator; Account admin,
Olga Owner,olga.owner@fairmile.example,Owner,fairmile
Oskar Operations,oskar.operations@fairmile.example,Global admin; Account admin,
Oskar Operations,oskar.operations@fairmile.example,Owner,fairmile
Nina New,nina.new@fairmile.example,Developer,fairmile
"""


@pytest.fixture
def account(database: Database) -> Account:
    return Account(database)


@pytest.fixture
def sqlite_account(sqlite_database: Database) -> Account:
    return Account(sqlite_database)


def import_small(account: Account) -> None:
    text = (EXAMPLES / "small-company.yaml").read_text("utf-8")
    account.run(import_structure, file={"name": "small-company.yaml", "text": text})


def test_an_imported_structure_is_in_force_and_shown(account: Account) -> None:
    import_small(account)
    import_small(account)
    assert account.kinds() == ["structure_stated"]
    shown = account.run(show_structure, FINN)
    assert (shown.company, shown.counts.offers, shown.counts.plans) == ("Fairmile Software Ltd", 1, 2)
    assert shown.findings == ()
    assert ("Seller ID", "71000101") in {(each.what, each.id) for each in shown.ids}
    assert shown.text.startswith("account_structure:\n  company: Fairmile Software Ltd\n")
    assert "fairmile-assistant" in account.run(draw_structure, FINN).svg


def test_what_runs_out_is_found_when_its_day_comes_near(sqlite_account: Account) -> None:
    import_small(sqlite_account)
    (finding,) = sqlite_account.run(show_structure, ahead_days=730, by=FINN).findings or (None,)
    assert finding is None  # the tax profile ends in 2028-12-31, further away than that
    sqlite_account.clock.move(
        sqlite_account.clock.now().replace(year=2028, month=11, day=15) - sqlite_account.clock.now()
    )
    assert [each.code for each in sqlite_account.run(show_structure).findings] == ["accounts.profile_expires"]


def test_a_faulty_file_changes_nothing(sqlite_account: Account) -> None:
    import_small(sqlite_account)
    with pytest.raises(StructureUnreadableError, match=r"broken\.yaml, row 1.*'company' is missing"):
        sqlite_account.run(
            import_structure, file={"name": "broken.yaml", "text": "account_structure:\n  compny: Fairmile\n"}
        )
    assert sqlite_account.kinds() == ["structure_stated"]


def test_who_may_only_read_changes_nothing(sqlite_account: Account) -> None:
    with pytest.raises(DeniedError):
        sqlite_account.run(import_structure, FINN, file={"text": "account_structure: {company: Fairmile}"})
    with pytest.raises(NoStructureError):
        sqlite_account.run(show_structure, FINN)


def test_the_export_of_users_is_compared_and_added(account: Account) -> None:
    import_small(account)
    account.run(observe_file, source="users", file={"name": "users.csv", "text": USERS})
    found = {(each.kind, each.subject) for each in account.run(list_differences, FINN)}
    assert found == {
        ("not_stated", "nina.new@fairmile.example"),
        ("not_seen", "fiona.finance@fairmile.example"),
        ("differs", "oskar.operations@fairmile.example"),
    }
    assert account.run(adopt_seen).adopted == 1
    shown = account.run(show_structure)
    assert shown.counts.people == 4
    assert {(each.kind, each.subject) for each in account.run(list_differences)} == found - {
        ("not_stated", "nina.new@fairmile.example")
    }
    assert account.run(adopt_seen).is_new is False


def test_products_are_read_from_microsoft_in_the_background(sqlite_account: Account) -> None:
    account = sqlite_account
    import_small(account)
    product = "product/5d0c3f0e-6a5f-4c38-9b8e-0f5b6f0f3a01"
    account.products.products = [
        {
            "id": product,
            "identity": {"externalId": "fairmile-assistant"},
            "type": "softwareAsAService",
            "alias": "Helper",
        },
        {"id": "product/x", "identity": {"externalId": "fairmile-desk"}, "type": "softwareAsAService", "alias": "Desk"},
    ]
    account.products.plans[product] = [
        {"product": product, "identity": {"externalId": "team-monthly"}, "alias": "Team"}
    ]
    account.run(ask_products)
    account.work()
    assert account.kinds() == ["structure_stated", "products_asked", "observed"]
    found = {(each.kind, each.what, each.subject) for each in account.run(list_differences)}
    assert found == {
        ("differs", "offer's name", "fairmile-assistant"),
        ("not_seen", "plan", "fairmile-assistant/team-yearly"),
        ("not_stated", "offer", "fairmile-desk"),
    }
    account.run(adopt_seen)
    assert "fairmile-desk" in account.run(show_structure).text


@pytest.mark.parametrize(
    ("source", "answer", "differs"),
    [
        ("organization", {"companyName": "Fairmile Ltd"}, {("differs", "legal name")}),
        ("organization", {"companyName": "Fairmile Software Ltd"}, set()),
        (
            "partner_ids",
            {"items": [{"mpnId": "4400100"}, {"mpnId": 4400109}]},
            {("not_stated", "PartnerID"), ("not_seen", "PartnerID")},
        ),
        ("legal_business", {"companyName": "Fairmile Software Ltd", "vettingStatus": "rejected"}, set()),
    ],
)
def test_answers_of_partner_center_are_compared(
    sqlite_account: Account, source: str, answer: object, differs: set[tuple[str, str]]
) -> None:
    import_small(sqlite_account)
    sqlite_account.run(observe_file, source=source, file={"text": json.dumps(answer)})
    assert {(each.kind, each.what) for each in sqlite_account.run(list_differences)} == differs


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("users", "name,age\nOlga,7\n"),
        ("organization", "[1"),
        ("partner_ids", "{}"),
        ("legal_business", '{"companyName": "Fairmile"}'),
        ("products", '{"products": 7}'),
    ],
)
def test_what_is_no_such_answer_is_refused(sqlite_account: Account, source: str, text: str) -> None:
    with pytest.raises(ObservationUnreadableError):
        sqlite_account.run(observe_file, source=source, file={"text": text})
    assert sqlite_account.kinds() == []
