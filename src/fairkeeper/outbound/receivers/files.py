"""Writes events into files beside the database, one JSON object a line, for a collector that follows files.

A file of a day is never written again on the next one. What is taken is on the disk (`fsync`) before it counts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fairkeeper.assurance.forwarding.kinds import Receiver
from fairkeeper.outbound.posting import ReceiverUnavailableError
from fairkeeper.values.clock import Clock


class EventFiles:
    """Appends to files.

    Args:
        folder: Where they are; made when the first is written.
        clock: Names the day.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder, self._clock = folder, clock

    def send(self, to: Receiver, _batch_id: str, events: Sequence[dict[str, Any]]) -> None:
        """Append a batch.

        Raises:
            ReceiverUnavailableError: The disk did not take it.
        """
        lines = "".join(f"{json.dumps(each, sort_keys=True, ensure_ascii=False)}\n" for each in events)
        path = self._folder / f"{to.address}-{self._clock.now():%Y-%m-%d}.jsonl"
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(path, "a", encoding="utf-8", opener=_for_owner) as file:
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise ReceiverUnavailableError(f"The file {path.name} was not written: {error.strerror}.") from error


def _for_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
