"""Remembers what was computed of all files, in this process alone."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any


class Results:
    """The last results of what is computed from all files, each good for as long as what it was computed from.

    Safe between threads; of two that compute the same at once, the later one's is kept.
    """

    def __init__(self, most: int = 32) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, tuple[Any, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, what: Hashable, inputs: Any) -> Any:
        """Return the result that was computed from just these inputs, or None."""
        with self._lock:
            before, result = self._kept.get(what, (None, None))
        return result if before == inputs else None

    def keep(self, what: Hashable, inputs: Any, result: Any) -> None:
        """Keep a result, in place of the one from earlier inputs; the oldest goes when there are too many."""
        with self._lock:
            self._kept[what] = (inputs, result)
            self._kept.move_to_end(what)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
