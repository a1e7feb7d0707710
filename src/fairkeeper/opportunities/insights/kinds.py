"""The kinds of findings about insights files: what the schema doctor and the importer tell a person."""

from __future__ import annotations

from typing import Final

from fairkeeper.values.findings import FindingKind, Level, finding_kinds


def _declare(what: str, title: str, remedy: str, example: str, level: Level) -> FindingKind:
    return finding_kinds.declare(
        FindingKind(
            code=f"opportunities.{what}", level=level, title=title, remedy=remedy, resource="aspx-docs", example=example
        )
    )


FILE_NOT_RECOGNISED: Final = _declare(
    "insights_file_unknown",
    "A file is one of the insights' tabs",
    "Export the tab again with Tenant ID among its columns, or add its column names to the list of fields.",
    "a CSV file whose headers are Name, Phone",
    Level.ERROR,
)
FILE_DAMAGED: Final = _declare(
    "insights_file_damaged",
    "A file can be read",
    "Download the export again, and do not open and save it with another program in between.",
    "an xlsx file that was cut off",
    Level.ERROR,
)
COLUMN_UNKNOWN: Final = _declare(
    "column_unknown",
    "Every column is a known one",
    "If the column is a known one under a new name, add that name to the list of fields and import the file again.",
    "Copilot MAU (Licenced)",
    Level.INFO,
)
COLUMN_MISSING: Final = _declare(
    "column_missing",
    "Columns that scores rest on are there",
    "Choose the column under Change columns before exporting; until then scores that need it are less confident.",
    "an export without Users Experiencing Usage Limits",
    Level.WARNING,
)
COLUMN_DOUBLED: Final = _declare(
    "column_doubled",
    "One column for each field",
    "Remove one of the two columns; the first is read.",
    "Free Copilot Chat MAU, Free Copilot MAU",
    Level.WARNING,
)
CELL_UNREADABLE: Final = _declare(
    "cell_unreadable",
    "Cells are of their column's type",
    "Correct the cell at its source; it is kept as unreadable and counts as unknown, never as zero.",
    "Copilot PAU: about 40",
    Level.WARNING,
)
TENANT_UNREADABLE: Final = _declare(
    "tenant_unreadable",
    "Every row names its tenant",
    "Rows without a tenant id (a total, a note) are left out; correct the id if the row is an account.",
    "a last row that says Total",
    Level.WARNING,
)
ROWS_DISAGREE: Final = _declare(
    "rows_disagree",
    "Rows of one tenant agree",
    "The largest figure of each column is kept; ask Partner Center's support if it stays.",
    "two rows of a tenant with Copilot PAU 20 and 25",
    Level.WARNING,
)
USERS_ABOVE_SEATS: Final = _declare(
    "users_above_seats",
    "Licensed users are not more than paid seats",
    "Utilization is held at 100 %; trials and step-ups are users without a paid seat.",
    "Copilot MAU (Licensed) 30, Copilot PAU 25",
    Level.INFO,
)
VENDOR_DISAGREES: Final = _declare(
    "vendor_value_disagrees",
    "Microsoft's derived figures follow from its base counts",
    "The figure is computed here from the base counts; Microsoft's stays beside it. Its meaning has changed before.",
    "Free to Paid Whitespace 12,360 with 12,650 free users and 290 paid seats",
    Level.WARNING,
)
SNAPSHOT_SHRANK: Final = _declare(
    "snapshot_shrank",
    "A snapshot holds about as many tenants as the one before",
    "Check the export's filters. A tenant that is missing is not a customer lost: its association may have ended.",
    "12,000 tenants, then 7,000",
    Level.WARNING,
)
DAY_ASSUMED: Final = _declare(
    "day_assumed",
    "The day on which an export was taken is known",
    "Name it with --taken-on, or keep it in the file's name (copilot-2026-11-22.csv).",
    "a file named export.csv without --taken-on",
    Level.INFO,
)
