"""How a sandbox is set up, and what of it can be told later.

Separate, because the runner, the demo and tests build these without touching the app.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fairkeeper.sandbox.webhooks.courier import CourierSettings
from fairkeeper.values.clock import MovableClock


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxConfig:
    """How a sandbox is set up.

    Args:
        base_url: Where it is reached, without a slash at the end; tokens and links carry it.
        landing_url: The publisher's landing page; may be told later.
        webhook_url: The publisher's webhook; may be told later. Until then webhooks wait.
        data_dir: Where it keeps its file; None forgets everything at the end.
        clock: Its clock.
        courier: How webhooks are sent and retried.
        cancellation_seconds: How long a cancellation by the publisher stays in progress.
        entra_state: Keys for the pretend Entra where none are kept, so that many sandboxes need not each make some.
        seed: Of the random numbers behind fault rates.
    """

    base_url: str
    landing_url: str | None = None
    webhook_url: str | None = None
    data_dir: Path | None = None
    clock: MovableClock = field(default_factory=MovableClock)
    courier: CourierSettings = field(default_factory=CourierSettings)
    cancellation_seconds: float = 1
    entra_state: Mapping[str, Any] | None = None
    seed: int | None = None
