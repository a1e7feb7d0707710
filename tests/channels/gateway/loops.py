"""The event loops that SDK and gateway are tried on."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest
import uvloop

LOOPS: Final = pytest.mark.parametrize(
    "loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)
"""A publisher's server often runs on uvloop, whose transports are no subclasses of asyncio's."""
