"""The files that browsers fetch: where they come from, how large they are, and that nothing else is needed."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from fairkeeper.errors import NotFoundError
from fairkeeper.web.assets import CONTENT_SECURITY_POLICY, SHEETS, address_of, asset, assets


def test_all_scripts_together_stay_under_100_kilobytes() -> None:
    scripts = [each for each in assets().values() if each.name.endswith(".js")]
    assert {"htmx.min.js", "keys.js"} <= {each.name for each in scripts}
    assert sum(len(each.content) for each in scripts) < 100_000


def test_our_own_scripts_stay_small() -> None:
    own = [each for each in assets().values() if each.name.endswith(".js") and each.name != "htmx.min.js"]
    assert sum(len(each.content) for each in own) < 16_000


def test_htmx_comes_from_its_wheel_and_not_from_the_repository() -> None:
    assert b"htmx" in asset("htmx.min.js").content
    names = {entry.name for entry in (resources.files("fairkeeper.web") / "static").iterdir()}
    assert not any("htmx" in name for name in names)


def test_every_sheet_is_part_of_the_one_that_browsers_get() -> None:
    names = {entry.name for entry in (resources.files("fairkeeper.web") / "static").iterdir()}
    assert {name for name in names if name.endswith(".css")} == {f"{sheet}.css" for sheet in SHEETS}
    assert all(f"--{name}" in asset("console.css").content.decode() for name in ("paper", "accent"))


def test_nothing_of_ours_points_elsewhere_or_evaluates_text() -> None:
    for each in assets().values():
        if each.name == "htmx.min.js":
            continue
        text = each.content.decode().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|url\(|@import|\beval\b|innerHTML", text), each.name


def test_an_address_changes_with_the_content() -> None:
    assert re.fullmatch(r"/static/console\.css\?v=[0-9a-f]{12}", address_of("console.css"))
    assert asset("keys.js").digest != asset("theme.js").digest


@pytest.mark.parametrize("name", ["tokens.css", "../rendering.py", "nothing.js", ""])
def test_only_the_listed_files_are_given_out(name: str) -> None:
    with pytest.raises(NotFoundError):
        asset(name)


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    sources = set(re.findall(r"'[a-z]+'|https?:|\*|data:", CONTENT_SECURITY_POLICY))
    assert sources == {"'none'", "'self'"}
