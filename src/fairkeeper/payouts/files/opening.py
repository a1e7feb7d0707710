"""Opens what a person hands over: plain text, gzip, zip or a workbook; decides the form by the first bytes alone.

Archives are unpacked as streams into a scratch folder under `FileLimits`, counting what comes out and never believing
what the archive says of itself. Names inside an archive are labels and never paths.
"""

from __future__ import annotations

import shutil
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import IO, Final

from fairkeeper.payouts.files.limits import FileLimits
from fairkeeper.payouts.finding_kinds import FILE_TOO_LARGE, FILE_UNREADABLE
from fairkeeper.values.findings import Finding

_CHUNK: Final = 1024 * 1024
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_GZIP: Final = b"\x1f\x8b"
_OLD_WORKBOOK: Final = b"\xd0\xcf\x11\xe0"
_OTHERS: Final = {b"%PDF": "a PDF", b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture", b"Rar!": "a rar archive"}


class Form(StrEnum):
    """How a table stands in a file."""

    DELIMITED = "delimited"
    WORKBOOK = "workbook"
    OFX = "ofx"
    CAMT = "camt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One table to read: the file itself, or one of an archive.

    Attributes:
        name: What findings call it.
        path: Where its bytes are.
        form: How to read it.
    """

    name: str
    path: Path
    form: Form


@dataclass(slots=True, kw_only=True)
class Opened:
    """What came out of a file."""

    members: list[Member] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


class _TooLargeError(Exception):
    """More comes out than may."""


def open_file(path: Path, name: str, scratch: Path, limits: FileLimits | None = None) -> Opened:
    """Open a file and return the tables in it, with what is wrong.

    Args:
        path: The file.
        name: What the person calls it.
        scratch: An empty folder for what is unpacked; the caller removes it.
        limits: Other bounds than the usual ones.
    """
    bounds = limits or FileLimits()
    size = path.stat().st_size
    if size == 0:
        return Opened(findings=[FILE_UNREADABLE.found("The file is empty.", file=name)])
    if size > bounds.packed_bytes:
        return Opened(
            findings=[_large(name, f"The file has {size // _CHUNK} MB, above {bounds.packed_bytes // _CHUNK}.")]
        )
    with path.open("rb") as stream:
        head = stream.read(4096)
    if head.startswith(_ZIP):
        return _Archive(name=name, scratch=scratch, limits=bounds, room=_room(scratch, bounds)).open(path)
    if head.startswith(_GZIP):
        return _open_gzip(path, name, scratch, bounds)
    return _plain(path, name, head)


def _plain(path: Path, name: str, head: bytes) -> Opened:
    if head.startswith(_OLD_WORKBOOK):
        message = "The file is a workbook of the old form (xls) or protected by a password."
        return Opened(findings=[FILE_UNREADABLE.found(message, file=name, remedy="Save it as xlsx or csv.")])
    for beginning, what in _OTHERS.items():
        if head.startswith(beginning):
            return Opened(findings=[FILE_UNREADABLE.found(f"The file is {what} and holds no table.", file=name)])
    return Opened(members=[Member(name=name, path=path, form=_text_form(head))])


def _text_form(head: bytes) -> Form:
    """Tell OFX and camt.053 from delimited text."""
    text = head.replace(b"\x00", b"").decode("latin-1").lower()
    if "ofxheader" in text or "<ofx>" in text:
        return Form.OFX
    beginning = text.lstrip("\ufeff\u00ef\u00bb\u00bf \t\r\n")
    return Form.CAMT if beginning.startswith("<") else Form.DELIMITED


def _room(scratch: Path, limits: FileLimits) -> int:
    """Return how much may be unpacked: by the bounds, and half of what the disk has free."""
    return min(limits.unpacked_bytes, shutil.disk_usage(scratch).free // 2)


def _large(name: str, message: str) -> Finding:
    return FILE_TOO_LARGE.found(message, file=name)


def _open_gzip(path: Path, name: str, scratch: Path, limits: FileLimits) -> Opened:
    target = scratch / "unpacked"
    try:
        _pour(_gunzip(path), target, packed=path.stat().st_size, limits=limits, room=_room(scratch, limits))
    except _TooLargeError as error:
        return Opened(findings=[_large(name, str(error))])
    except (OSError, zlib.error, EOFError) as error:
        return Opened(findings=[FILE_UNREADABLE.found(f"The file cannot be unpacked: {error}.", file=name)])
    with target.open("rb") as stream:
        return _plain(target, name, stream.read(4096))


def _gunzip(path: Path) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(wbits=31)
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK // 16):
            yield unpacker.decompress(chunk, _CHUNK)
            while unpacker.unconsumed_tail:
                yield unpacker.decompress(unpacker.unconsumed_tail, _CHUNK)
            if unpacker.eof:
                return
    raise EOFError("its end is missing")


def _pour(chunks: Iterator[bytes], target: Path, *, packed: int, limits: FileLimits, room: int) -> int:
    """Write chunks to a file while they stay within bounds; return how many bytes there were."""
    total = 0
    with target.open("wb") as file:
        for chunk in chunks:
            total += len(chunk)
            if total > limits.ratio_from_bytes and total > packed * limits.ratio:
                raise _TooLargeError(f"It unpacks to more than {limits.ratio} times its size of {packed} bytes.")
            if total > room:
                raise _TooLargeError(f"It unpacks to more than {room // _CHUNK} MB.")
            file.write(chunk)
    return total


@dataclass(slots=True, kw_only=True)
class _Archive:
    """Unpacks one zip."""

    name: str
    scratch: Path
    limits: FileLimits
    room: int

    def open(self, path: Path) -> Opened:
        try:
            with zipfile.ZipFile(path) as archive:
                return self._members(archive, path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
            message = f"The archive cannot be read; it may be cut off ({type(error).__name__})."
            return Opened(findings=[FILE_UNREADABLE.found(message, file=self.name)])

    def _members(self, archive: zipfile.ZipFile, path: Path) -> Opened:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        if len(infos) > self.limits.members * (20 if _is_workbook(infos) else 1):
            message = f"The archive holds {len(infos)} files, above {self.limits.members}."
            return Opened(findings=[_large(self.name, message)])
        if _is_workbook(infos):
            return self._workbook(archive, infos, path)
        opened = Opened()
        for number, info in enumerate(infos):
            if _is_litter(info.filename):
                continue
            self._member(archive, info, number, opened)
        if not opened.members and not opened.findings:
            opened.findings.append(FILE_UNREADABLE.found("The archive holds no file.", file=self.name))
        return opened

    def _workbook(self, archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo], path: Path) -> Opened:
        """Let a workbook through once everything in it was unpacked and counted."""
        packed, total = max(1, path.stat().st_size), 0
        for info in infos:
            try:
                with archive.open(info) as stream:
                    for chunk in _chunks(stream):
                        total += len(chunk)
                        if total > self.limits.ratio_from_bytes and total > packed * self.limits.ratio:
                            message = f"The workbook unpacks to more than {self.limits.ratio} times its size."
                            return Opened(findings=[_large(self.name, message)])
            except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError) as error:
                message = f"A part of the workbook cannot be read ({type(error).__name__})."
                return Opened(findings=[FILE_UNREADABLE.found(message, file=self.name)])
        return Opened(members=[Member(name=self.name, path=path, form=Form.WORKBOOK)])

    def _member(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, number: int, opened: Opened) -> None:
        label = _label(info.filename)
        name = self.name if label in self.name else f"{self.name}: {label}"
        target = self.scratch / f"member-{number}"
        try:
            with archive.open(info) as stream:
                size = _pour(
                    _chunks(stream), target, packed=max(1, info.compress_size), limits=self.limits, room=self.room
                )
        except _TooLargeError as error:
            opened.findings.append(_large(name, str(error)))
            return
        except RuntimeError:
            message = "A file in the archive is protected by a password."
            opened.findings.append(FILE_UNREADABLE.found(message, file=name))
            return
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError) as error:
            message = f"A file in the archive cannot be unpacked; it may be cut off ({type(error).__name__})."
            opened.findings.append(FILE_UNREADABLE.found(message, file=name))
            return
        self.room -= size
        self._classify(target, name, opened)

    def _classify(self, target: Path, name: str, opened: Opened) -> None:
        with target.open("rb") as stream:
            head = stream.read(4096)
        if not head:
            opened.findings.append(FILE_UNREADABLE.found("The file is empty.", file=name))
        elif head.startswith(_ZIP):
            inner = self._inner_workbook(target, name)
            opened.members += inner.members
            opened.findings += inner.findings
        elif head.startswith(_GZIP):
            opened.findings.append(FILE_UNREADABLE.found("An archive lies inside the archive.", file=name))
        else:
            plain = _plain(target, name, head)
            opened.members += plain.members
            opened.findings += plain.findings

    def _inner_workbook(self, target: Path, name: str) -> Opened:
        """Open a workbook that lies in an archive; an archive in an archive is refused."""
        try:
            with zipfile.ZipFile(target) as inner:
                infos = inner.infolist()
                if _is_workbook(infos):
                    inside = _Archive(name=name, scratch=self.scratch, limits=self.limits, room=self.room)
                    return inside._workbook(inner, infos, target)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            pass
        return Opened(findings=[FILE_UNREADABLE.found("An archive lies inside the archive.", file=name)])


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK):
        yield chunk


def _is_workbook(infos: list[zipfile.ZipInfo]) -> bool:
    return any(info.filename == "xl/workbook.xml" for info in infos)


def _is_litter(name: str) -> bool:
    """Say whether a file is what operating systems leave in archives."""
    return name.startswith("__MACOSX/") or name.rpartition("/")[2] in {".DS_Store", "Thumbs.db", ""}


def _label(name: str) -> str:
    """Return the last part of a name in an archive, as far as it can be printed."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(character for character in last if character.isprintable())[:120] or "unnamed"
