"""An import of Microsoft's permissions.json holds from then on, beside the shipped catalogue, and says its date."""

from __future__ import annotations

import json

import pytest

from fairkeeper.action.operation import LargeTextFile
from fairkeeper.consent.actions.check_plan import show_permission
from fairkeeper.consent.catalogue.keeping import import_permissions, look_up_permission, show_catalogue
from fairkeeper.consent.errors import PermissionsFileRefusedError, PlanRefusedError
from fairkeeper.errors import DeniedError
from tests.actions.consent.world import PLAN, World, staff

FOGGY = (
    PLAN.replace("{name: Sites.Selected, kind", "{name: Fog.Read.All, kind")
    .replace("- name: Sites.Selected", "- name: Fog.Read.All")
    .replace("application: [Sites.Selected]", "application: [Fog.Read.All]")
)


def file_of(*names: str) -> LargeTextFile:
    scheme = {"requiresAdminConsent": True, "privilegeLevel": 3}
    document = {"permissions": {name: {"schemes": {"Application": scheme, "DelegatedWork": scheme}} for name in names}}
    # As large as the real one: nothing of it may be beyond a limit.
    return LargeTextFile(name="permissions.json", text=json.dumps(document) + " " * 3_000_000)


def test_what_was_imported_is_known_and_an_older_file_is_refused(world: World) -> None:
    before = world.run(show_catalogue, staff())
    assert (before.imported_dated_on, before.only_imported) == (None, 0)
    with pytest.raises(PlanRefusedError, match=r"Fog\.Read\.All"):
        world.apply(FOGGY)
    world.stage.plan_version -= 1

    given = {"file": file_of("Fog.Read.All", "Mail.Read"), "dated_on": "2026-11-20"}
    done = world.run(import_permissions, staff(), **given)
    assert (done.permissions, done.new, done.left_out, done.is_new) == (2, 1, (), True)
    again = world.run(import_permissions, staff(), **given)
    assert (again.new, again.is_new) == (1, False)

    shown = world.run(show_catalogue, staff())
    assert (str(shown.imported_dated_on), shown.only_imported) == ("2026-11-20", 1)
    assert "permissions.json" in shown.imported_from
    assert shown.permissions == before.permissions + 1
    found = world.run(look_up_permission, staff(), name="Fog.Read.All")
    assert {form.source for form in found.forms} == {"imported"}
    assert not world.run(look_up_permission, staff(), name="Fog.Write.All").is_known
    # What only computes knows no database, and so no import.
    assert not world.run(show_permission, staff(), name="Fog.Read.All").is_known

    # The plan that was refused can be applied now.
    world.stage.plan = ""
    world.apply(FOGGY)
    with pytest.raises(PermissionsFileRefusedError, match="newer"):
        world.run(import_permissions, staff(), file=file_of("Fog.Read.All"), dated_on="2026-11-19")
    with pytest.raises(PermissionsFileRefusedError, match="has not come yet"):
        world.run(import_permissions, staff(), file=file_of("Fog.Read.All"), dated_on="2027-11-19")
    with pytest.raises(PermissionsFileRefusedError, match="no JSON"):
        world.run(import_permissions, staff(), file=LargeTextFile(name="x", text="x"), dated_on="2026-11-21")
    assert str(world.run(show_catalogue, staff()).imported_dated_on) == "2026-11-20"


def test_only_who_changes_consent_imports(world: World) -> None:
    with pytest.raises(DeniedError):
        world.run(import_permissions, staff("finance"), file=file_of("Fog.Read.All"), dated_on="2026-11-20")
