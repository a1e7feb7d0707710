"""Chromium, for what is tested in a real browser."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

KNOWN: Final = (
    "chromium-headless-shell",  # without windows, for which nobody looks here, it takes a little more than half the time
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
"""What may be there, in the order in which it is taken."""


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser for stories: the one named by FAIRKEEPER_TEST_CHROMIUM, or what this machine has."""
    named = os.environ.get("FAIRKEEPER_TEST_CHROMIUM")
    for candidate in [named] if named else KNOWN:
        if found := shutil.which(candidate):
            return found
    pytest.fail("No Chromium: run `make browser`, or name one in FAIRKEEPER_TEST_CHROMIUM.")


@contextmanager
def launched(path: str) -> Iterator[Browser]:
    """Open a browser; as long as it is open, nothing else in this thread can run an event loop."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def chromium(chromium_path: str) -> Iterator[Browser]:
    """One browser for a module; whoever wants to begin anew opens a context."""
    with launched(chromium_path) as browser:
        yield browser
