"""People at a browser who are signed in: the publisher's owner, and a customer's administrator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # the tests of templates need no whole server, and do not pay for importing one
    from tests.channels.stage import Stage
    from tests.channels.web.browsing import Visitor


@pytest.fixture
def owner(sqlite_stage: Stage) -> Iterator[Visitor]:
    """Olivia, the owner."""
    from tests.channels.web.browsing import Visitor, person

    with Visitor(sqlite_stage) as opened:
        opened.sign_in(person("Olivia Owner"), as_customer=False)
        yield opened


@pytest.fixture
def customer(sqlite_stage: Stage) -> Iterator[Visitor]:
    """Cora, Contoso's administrator."""
    from tests.channels.web.browsing import Visitor, person

    with Visitor(sqlite_stage) as opened:
        opened.sign_in(person("Cora Contoso"))
        yield opened
