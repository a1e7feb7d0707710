"""The one list of everything Fairkeeper can do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fairkeeper.action.operation import EvidenceKind, Operation
from fairkeeper.errors import BugError, NotFoundError


class Registry:
    """Operations by name; refuses two of one name, route or command line.

    Args:
        operations: Every room's, as bootstrap lists them.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._by_name: dict[str, Operation] = {}
        seen: set[str] = set()
        for operation in operations:
            public = () if operation.is_internal else (f"http {operation.http}", f"cli {operation.cli}")
            for key in (operation.name, *public):
                if key in seen:
                    msg = f"two operations claim {key!r}"
                    raise BugError(msg)
                seen.add(key)
            self._by_name[operation.name] = operation

    def __iter__(self) -> Iterator[Operation]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def get(self, name: str) -> Operation:
        """Return an operation by name.

        Raises:
            NotFoundError: There is none.
        """
        try:
            return self._by_name[name]
        except KeyError:
            msg = f"There is no operation {name!r}."
            raise NotFoundError(msg, code="action.unknown_operation") from None

    def evidence_kinds(self) -> dict[str, EvidenceKind]:
        """Return every declared kind of evidence by name."""
        return {kind.name: kind for operation in self for kind in operation.evidence}
