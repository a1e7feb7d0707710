"""A made-up publisher's reports, and how well what is wrong in them is found: recall and precision for each kind.

Here, because the pretend Microsoft that makes them and the room that reads them must not know each other.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from fairkeeper.payouts.chain.coverage import Coverage, Covered
from fairkeeper.payouts.chain.current import SourceFile
from fairkeeper.payouts.chain.evaluation import Evaluation, Found, evaluate
from fairkeeper.payouts.files.engine import engine
from fairkeeper.payouts.files.opening import open_file
from fairkeeper.payouts.files.reading import read_table
from fairkeeper.sandbox.reports.book import Book, Truth
from fairkeeper.sandbox.reports.exporting import write_files
from fairkeeper.sandbox.reports.year import Year

_BY_EARNING = {"fee_mismatch", "payment_overdue", "earning_negative", "status_needs_action"}
_BY_LAST_WORD = {"unknown_status", "below_threshold"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One kind of finding: how many are true, how many were found, how many of both."""

    code: str
    true: int
    found: int
    both: int

    @property
    def recall(self) -> float:
        """Which part of what is true was found."""
        return self.both / self.true if self.true else 1.0

    @property
    def precision(self) -> float:
        """Which part of what was found is true."""
        return self.both / self.found if self.found else 1.0


def subject_of(found: Found) -> Truth:
    """Return what a finding says, as the sandbox names it."""
    code = found.code.partition(".")[2]
    line = f"{found.purchase_record_id}|{found.line_item_id}"
    if code in _BY_EARNING or (code == "restated" and found.earning_id):
        return Truth(code=code, subject=found.earning_id or "")
    if code in _BY_LAST_WORD:
        return Truth(code=code, subject=found.key.partition(" ")[2])
    if code == "usage_not_reported":
        return Truth(code=code, subject=found.asset_id or "")
    if found.purchase_record_id:
        return Truth(code=code, subject=line)
    return Truth(code=code, subject=found.payment_id or "")


def score(book: Book, found: Iterable[Found]) -> tuple[Score, ...]:
    """Compare what was found with what is true, for each kind."""
    seen = {subject_of(each) for each in found}
    codes = sorted({each.code for each in book.truth | seen})
    return tuple(
        Score(
            code=code,
            true=sum(each.code == code for each in book.truth),
            found=sum(each.code == code for each in seen),
            both=sum(each.code == code for each in book.truth & seen),
        )
        for code in codes
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFiles:
    """Files as they were read, ready to be compared."""

    sources: tuple[SourceFile, ...]
    covered: tuple[Covered, ...]
    names: tuple[str, ...]

    def without(self, name: str) -> ReadFiles:
        """Return the same without one file."""
        kept = [place for place, each in enumerate(self.names) if each != name]
        return ReadFiles(
            sources=tuple(self.sources[place] for place in kept),
            covered=tuple(self.covered[place] for place in kept),
            names=tuple(self.names[place] for place in kept),
        )

    def evaluate(self, *, today: date, scratch: Path) -> Evaluation:
        """Compare them."""
        return evaluate(self.sources, Coverage.of(self.covered, today=today), scratch)


def read_files(paths: Sequence[Path], folder: Path, *, received_on: date) -> ReadFiles:
    """Read files into a folder, as an import would, without a database."""
    sources, covered, names = [], [], []
    with engine(folder / "spill") as db:
        for number, path in enumerate(paths):
            scratch = folder / f"open-{number}"
            scratch.mkdir(parents=True, exist_ok=True)
            for place, member in enumerate(open_file(path, path.name, scratch).members):
                rows = folder / f"{number}-{place}.parquet"
                file_id = f"{path.name}-{place}"
                table = read_table(member, rows, scratch / "work", file_id=file_id, db=db)
                if table.kind is None or table.first_on is None or table.last_on is None:
                    continue
                sources.append(SourceFile(file_id=file_id, kind=table.kind, parquet=rows, received_on=received_on))
                covered.append(Covered(kind=table.kind, first_on=table.first_on, last_on=table.last_on))
                names.append(path.name)
    return ReadFiles(sources=tuple(sources), covered=tuple(covered), names=tuple(names))


def write_sample(folder: Path, *, seed: int, as_of: date) -> dict[str, object]:
    """Write a made-up year's reports and what is wrong in them, read them back, and say how much was found."""
    book = Year(seed=seed, as_of=as_of).book()
    paths = write_files(book, folder)
    with (folder / "what-is-wrong.txt").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("code", "subject"))
        writer.writerows(sorted((f"payouts.{each.code}", each.subject) for each in book.truth))
    with tempfile.TemporaryDirectory() as name:
        read = read_files(paths, Path(name), received_on=as_of)
        evaluation = read.evaluate(today=as_of, scratch=Path(name) / "scratch")
    return {
        "folder": str(folder),
        "as_of": str(as_of),
        "files": [path.name for path in paths],
        "kinds": [
            {
                "code": f"payouts.{each.code}",
                "true": each.true,
                "found": each.found,
                "recall": f"{each.recall:.3f}",
                "precision": f"{each.precision:.3f}",
            }
            for each in score(book, evaluation.found)
        ],
    }
