"""How a sandbox is set up, and what of it can be told later.

Separate, because the runner, the demo and tests build these without touching the app.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from fairkeeper.sandbox.marketplace.courier import CourierSettings
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
        seed: Of the random numbers behind fault rates.
    """

    base_url: str
    landing_url: str | None = None
    webhook_url: str | None = None
    data_dir: Path | None = None
    clock: MovableClock = field(default_factory=MovableClock)
    courier: CourierSettings = field(default_factory=CourierSettings)
    cancellation_seconds: float = 1
    seed: int | None = None
