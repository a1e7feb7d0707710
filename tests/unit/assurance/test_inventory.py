"""The inventory says what is installed, each package once, with what it needs."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from importlib.metadata import distributions, version

from fairkeeper.assurance.posture.inventory import inventory_of, plain_name

AT = datetime(2026, 11, 28, tzinfo=UTC)


def test_every_installed_package_stands_in_it_once_with_its_version() -> None:
    document = inventory_of(distributions(), at=AT)
    assert (document["bomFormat"], document["specVersion"], document["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", document["serialNumber"])
    names = [each["name"] for each in document["components"]]
    assert names == sorted(set(names))
    installed = {plain_name(each.metadata["Name"]) for each in distributions()}
    assert {*names, "fairkeeper"} == installed
    sqlalchemy = next(each for each in document["components"] if each["name"] == "sqlalchemy")
    assert sqlalchemy["purl"] == f"pkg:pypi/sqlalchemy@{version('sqlalchemy')}"


def test_what_depends_on_what_is_of_packages_that_are_there() -> None:
    document = inventory_of(distributions(), at=AT)
    refs = {each["bom-ref"] for each in document["components"]} | {document["metadata"]["component"]["bom-ref"]}
    links = {each["ref"]: each["dependsOn"] for each in document["dependencies"]}
    assert set(links) == refs
    assert {each for needed in links.values() for each in needed} <= refs
    assert f"pkg:pypi/starlette@{version('starlette')}" in links[f"pkg:pypi/fastapi@{version('fastapi')}"]


def test_the_same_packages_have_the_same_serial_number_and_others_another() -> None:
    first = inventory_of(distributions(), at=AT)["serialNumber"]
    assert inventory_of(distributions(), at=datetime(2027, 1, 1, tzinfo=UTC))["serialNumber"] == first
    fewer = [each for each in distributions() if each.metadata["Name"].lower() != "sqlalchemy"]
    assert inventory_of(fewer, at=AT)["serialNumber"] != first
