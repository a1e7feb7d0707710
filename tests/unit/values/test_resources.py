"""The list of official resources is whole, dated and honest about what it does not know."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import urlsplit

import pytest

from fairkeeper.errors import ErrorKind
from fairkeeper.values.errors import ResourceUnknownError
from fairkeeper.values.resources import RESOURCES, Resource, resource

OFFICIAL_HOSTS = {
    "learn.microsoft.com",
    "www.microsoft.com",
    "microsoft.github.io",
    "github.com",
    "techcommunity.microsoft.com",
    "aka.ms",
}
CURATED = {
    "marketplace-playbook",
    "saas-accelerator",
    "blog-flexible-billing",
    "mastering-the-marketplace",
    "app-advisor",
    "learn-agency-fee-discount",
    "partner-center-ai-assistant",
    "isv-success",
    "blog-quick-start-toolkit",
    "ai-envisioning-day",
    "learn-flexible-billing",
    "blog-reporting-video",
    "blog-reporting",
    "blog-guardrails",
    "blog-quality-evaluation",
}
ALL = sorted(RESOURCES.values(), key=lambda item: item.key)


def test_every_curated_resource_is_in_the_list() -> None:
    assert set(RESOURCES) >= CURATED


@pytest.mark.parametrize("item", ALL, ids=lambda item: item.key)
def test_resource_says_what_it_explains_and_where_to_find_it(item: Resource) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", item.key)
    assert item.title
    assert item.explains.endswith((".", ")."))
    assert item.find_by.endswith(".")
    assert item.dated_on >= date(2026, 11, 22)


@pytest.mark.parametrize("item", [item for item in ALL if item.address], ids=lambda item: item.key)
def test_address_is_official_and_secure(item: Resource) -> None:
    parts = urlsplit(item.address or "")
    assert parts.scheme == "https"
    assert parts.hostname in OFFICIAL_HOSTS
    assert parts.path
    if parts.hostname == "github.com":
        assert parts.path.split("/")[1] in {"Azure", "microsoft"}


def test_no_two_resources_share_an_address() -> None:
    addresses = [item.address for item in ALL if item.address]
    assert len(addresses) == len(set(addresses))


def test_unknown_key_is_a_mistake_of_ours() -> None:
    with pytest.raises(ResourceUnknownError) as caught:
        resource("no-such-page")
    assert caught.value.kind is ErrorKind.BUG
    assert "no-such-page" in str(caught.value)
