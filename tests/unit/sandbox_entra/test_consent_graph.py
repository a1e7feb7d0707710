"""The Graph subset of consent: filters, pages, changes and errors, and the script that removes our applications.

Sources: Microsoft Graph, "Use query parameters to customize responses", "Paging Microsoft Graph data in your app",
"servicePrincipal: delta", "Microsoft Graph error responses and resource types"; Microsoft Graph PowerShell for the
calls behind the script's cmdlets.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from fairkeeper.consent.asking.removal import removal_script
from fairkeeper.sandbox.directory import AT_YOUR_SIDE_APP_ID, DESK_APP_ID, SORTER_APP_ID, WORK_APP_SECRET
from tests.unit.sandbox_entra.desk import Desk, code_of

EVERYTHING = ("Application.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All", "AppRoleAssignment.ReadWrite.All")


class Graph:
    """Contoso's Graph, asked by an application that holds some permissions there."""

    def __init__(self, *roles: str) -> None:
        self.desk = Desk.open()
        self.tenant_id = self.desk.tenant_id("Contoso")
        self.cora = self.desk.person("Cora")
        consents, directory = self.desk.entra.consents, self.desk.directory
        for app_id in (DESK_APP_ID, AT_YOUR_SIDE_APP_ID, SORTER_APP_ID):
            directory.add_service_principal(app_id, self.tenant_id)
        consents.grant_for_all(DESK_APP_ID, self.tenant_id, delegated=[], application=["Mail.Read", "Mail.Send"])
        consents.grant_for_all(AT_YOUR_SIDE_APP_ID, self.tenant_id, delegated=["Files.Read"], application=None)
        consents.grant_for_person(AT_YOUR_SIDE_APP_ID, self.tenant_id, self.cora.object_id, ["Mail.Send"])
        consents.grant_for_all(SORTER_APP_ID, self.tenant_id, delegated=[], application=list(roles or EVERYTHING))
        self.token = self.app_token(SORTER_APP_ID).json()["access_token"]

    def app_token(self, app_id: str) -> Any:
        return self.desk.token(
            self.tenant_id,
            client_id=app_id,
            client_secret=WORK_APP_SECRET,
            grant_type="client_credentials",
            scope="https://graph.microsoft.com/.default",
        )

    def call(self, path: str, method: str = "GET", **options: Any) -> Any:
        headers = {"authorization": f"Bearer {self.token}"}
        return self.desk.http.request(method, f"/entra/graph/v1.0{path}", headers=headers, **options)

    def found(self, path: str, condition: str = "") -> list[dict[str, Any]]:
        answer = self.call(f"{path}?$filter={quote(condition)}" if condition else path)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["value"]
        return rows

    def principal(self, app_id: str) -> dict[str, Any]:
        (row,) = self.found("/servicePrincipals", f"appId eq '{app_id}'")
        return row


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_filter_chooses_by_equality_and_several_by_and() -> None:
    graph = Graph()
    side = graph.principal(AT_YOUR_SIDE_APP_ID)
    assert graph.found("/servicePrincipals", "appId eq '00000000-0000-4000-8000-000000000000'") == []
    grants = graph.found("/oauth2PermissionGrants", f"clientId eq '{side['id']}'")
    assert {(grant["consentType"], grant["scope"]) for grant in grants} == {
        ("AllPrincipals", "Files.Read"),
        ("Principal", "Mail.Send"),
    }
    condition = f"clientId eq '{side['id']}' and principalId eq '{graph.cora.object_id}'"
    assert [grant["scope"] for grant in graph.found("/oauth2PermissionGrants", condition)] == ["Mail.Send"]


@pytest.mark.parametrize(
    "condition", ["appId ne 'x'", "startswith(displayName,'F')", "shoeSize eq '3'", "appId eq 'x' or appId eq 'y'"]
)
def test_another_filter_is_an_unsupported_query(condition: str) -> None:
    answer = Graph().call(f"/servicePrincipals?$filter={quote(condition)}")
    assert refused(answer) == (400, "Request_UnsupportedQuery")


def test_pages_follow_one_another_by_the_address_of_the_next_and_lose_nothing() -> None:
    graph = Graph()
    whole = [row["id"] for row in graph.found("/servicePrincipals")]
    assert len(whole) >= 3
    seen, address = [], "/servicePrincipals?$top=2"
    while address:
        document = graph.call(address).json()
        assert len(document["value"]) <= 2
        seen += [row["id"] for row in document["value"]]
        parts = urlsplit(document.get("@odata.nextLink", ""))
        address = f"{parts.path.partition('/v1.0')[2]}?{parts.query}" if parts.path else ""
    assert seen == whole


@pytest.mark.parametrize("options", ["$top=0", "$top=1000", "$top=many", "$skiptoken=-1"])
def test_a_page_that_cannot_be_is_a_bad_request(options: str) -> None:
    assert Graph().call(f"/servicePrincipals?{options}").status_code == 400


def test_a_delta_tells_everything_then_nothing_then_what_changed() -> None:
    graph = Graph()
    first = graph.call("/oauth2PermissionGrants/delta").json()
    assert len(first["value"]) == 2
    again = urlsplit(first["@odata.deltaLink"]).query
    assert graph.call(f"/oauth2PermissionGrants/delta?{again}").json()["value"] == []
    graph.desk.entra.consents.revoke(AT_YOUR_SIDE_APP_ID, graph.tenant_id, ["Files.Read"])
    assert len(graph.call(f"/oauth2PermissionGrants/delta?{again}").json()["value"]) == 1


@pytest.mark.parametrize(
    ("held", "method", "path", "least"),
    [
        ("Mail.Read", "GET", "/servicePrincipals", "Application.Read.All"),
        ("Application.Read.All", "GET", "/oauth2PermissionGrants", "Directory.Read.All"),
        ("Application.Read.All", "DELETE", "/servicePrincipals/x", "Application.ReadWrite.All"),
        ("Directory.Read.All", "DELETE", "/oauth2PermissionGrants/x", "DelegatedPermissionGrant.ReadWrite.All"),
        ("Directory.Read.All", "DELETE", "/servicePrincipals/x/appRoleAssignedTo/y", "AppRoleAssignment.ReadWrite.All"),
    ],
)
def test_a_call_needs_its_permission_and_then_finds_what_is_there(
    held: str, method: str, path: str, least: str
) -> None:
    assert refused(Graph(held).call(path, method)) == (403, "Authorization_RequestDenied")
    allowed = Graph(least).call(path, method)
    assert allowed.status_code == 200 if method == "GET" else refused(allowed) == (404, "Request_ResourceNotFound")


def test_a_principal_is_disabled_and_enabled_by_a_change_of_one_property() -> None:
    graph = Graph()
    path = f"/servicePrincipals/{graph.principal(DESK_APP_ID)['id']}"
    assert graph.call(path, "PATCH", json={"accountEnabled": False}).status_code == 204
    assert graph.call(path).json()["accountEnabled"] is False
    assert code_of(graph.app_token(DESK_APP_ID)) == 7000112
    assert graph.call(path, "PATCH", json={"accountEnabled": True}).status_code == 204
    assert graph.app_token(DESK_APP_ID).status_code == 200
    assert refused(graph.call(path, "PATCH", json={"displayName": "Mine"})) == (400, "Request_BadRequest")
    assert graph.call(path, "PATCH", content=b"{").status_code == 400


# --- the script for a customer's administrator


def test_the_removal_script_says_whose_it_is_and_asks_for_no_more_than_its_calls_need() -> None:
    script = removal_script("Fairmile", "t-1", [("Desk", "a-1"), ("Side", "a-2")])
    assert re.findall(r"^    '([\w-]+)' # (\w+)$", script, re.MULTILINE) == [("a-1", "Desk"), ("a-2", "Side")]
    (scopes,) = re.findall(r"^\$scopes = (.*)$", script, re.MULTILINE)
    assert re.findall(r"'([\w.]+)'", scopes) == list(EVERYTHING)
    removals = [line for line in script.splitlines() if "Remove-Mg" in line]
    assert len(removals) == 3
    assert all(line.rstrip(" }").endswith("-Confirm") for line in removals)


def test_a_name_cannot_leave_its_comment_or_its_text() -> None:
    script = removal_script("Fair\nRemove-Item /", "t'; Remove-Item '", [("Desk\n}; exit", "a'-1")])
    assert "Remove-Item /" not in script.splitlines()
    assert "-TenantId 't Remove-Item' -Scopes" in script
    assert "    'a-1' # Desk exit" in script


def play(graph: Graph, cmdlets: list[str], app_id: str) -> int:
    """Make the calls of the script's cmdlets for one application; return how many removed something."""
    found, removed = graph.found("/servicePrincipals", f"appId eq '{app_id}'"), 0
    if not found:
        return 0  # the script says that it is not present, and goes on
    here, rows = f"/servicePrincipals/{found[0]['id']}", list[dict[str, Any]]()
    for cmdlet in cmdlets:
        paths: list[str] = []
        match cmdlet:
            case "Get-MgServicePrincipal":
                continue
            case "Get-MgOauth2PermissionGrant":
                rows = graph.found("/oauth2PermissionGrants", f"clientId eq '{found[0]['id']}'")
            case "Get-MgServicePrincipalAppRoleAssignment":
                rows = graph.found(f"{here}/appRoleAssignments")
            case "Remove-MgOauth2PermissionGrant":
                paths = [f"/oauth2PermissionGrants/{row['id']}" for row in rows]
            case "Remove-MgServicePrincipalAppRoleAssignedTo":
                paths = [f"/servicePrincipals/{row['resourceId']}/appRoleAssignedTo/{row['id']}" for row in rows]
            case "Remove-MgServicePrincipal":
                paths = [here]
            case _:
                pytest.fail(f"The script calls {cmdlet}, which is not known here.")
        assert [graph.call(path, "DELETE").status_code for path in paths] == [204] * len(paths)
        removed += len(paths)
    return removed


def test_the_removal_script_run_call_by_call_leaves_nothing_of_ours() -> None:
    """Each cmdlet is played as the one call that it makes, in the order of the script, with its scopes alone."""
    apps = [("Desk", DESK_APP_ID), ("Side", AT_YOUR_SIDE_APP_ID), ("Nobody", "00000000-0000-4000-8000-000000000001")]
    script = removal_script("Fairmile", "t-1", apps)
    graph = Graph(*re.findall(r"'([\w.]+\.All)'", script))
    cmdlets = re.findall(r"\b((?:Get|Remove)-Mg\w+)", script)
    app_ids = re.findall(r"^    '([\w-]+)' #", script, re.MULTILINE)
    # Two application permissions, two delegated grants, and each application itself.
    assert [play(graph, cmdlets, app_id) for app_id in app_ids] == [3, 3, 0]
    for app_id in (DESK_APP_ID, AT_YOUR_SIDE_APP_ID):
        assert code_of(graph.app_token(app_id)) == 700016
    assert graph.found("/oauth2PermissionGrants") == []
