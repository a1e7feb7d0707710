"""KQL functions that tell the rows of one table as an ASIM schema: with filters (`vim…`) and without (`ASim…`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fairkeeper.assurance.forwarding.happening import VENDOR

Parameter = tuple[str, str, str]
"""Name, kind and default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parser:
    """What the two functions of a schema are made of.

    Attributes:
        plain: Names of the parameters that the function without filters takes too.
        filters: Parameters and the columns that hold any of their words.
        wheres: Other conditions of the function with filters, as KQL.
        id_column: Of rows with the same id one is told: a row may come again after a failure.
        extends: What is added to a row, as KQL.
        columns: What is told, without `Type`.
    """

    schema: str
    table: str
    parameters: Sequence[Parameter]
    plain: frozenset[str]
    filters: Sequence[tuple[str, str]]
    wheres: Sequence[str] = ()
    id_column: str
    extends: Sequence[str]
    columns: Sequence[str]

    def spelled(self, *, has_filters: bool) -> tuple[str, str]:
        """Return a function's name and its KQL."""
        taken = [each for each in self.parameters if has_filters or each[0] in self.plain]
        declared = ",\n".join(f"    {name}: {kind} = {default}" for name, kind, default in taken)
        passed = ", ".join(f"{name} = {name}" for name, _kind, _default in taken)
        lines = [f"    {self.table}", "    | where not(disabled)"]
        if has_filters:
            lines.append("    | where isnull(starttime) or TimeGenerated >= starttime")
            lines.append("    | where isnull(endtime) or TimeGenerated <= endtime")
            lines += [f"    | where {each}" for each in self.wheres]
            lines += [f"    | where array_length({name}) == 0 or {at} has_any ({name})" for name, at in self.filters]
        lines.append(f"    | summarize arg_max(TimeGenerated, *) by {self.id_column}")
        lines += [f"    | extend {each}" for each in self.extends]
        lines.append("    | project\n" + ",\n".join(f"        {name}" for name in (*self.columns, "Type")))
        name = f"{'vim' if has_filters else 'ASim'}{self.schema}{VENDOR}"
        return name, f"let Parser = (\n{declared}\n) {{\n" + "\n".join(lines) + f"\n}};\nParser({passed})\n"
