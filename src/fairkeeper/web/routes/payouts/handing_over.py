"""Handing files over in a browser, and which months are there.

The upload is no form like the others: its body is a file of any size, or several. Whoever sends it is known and may
before a byte of it is kept.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import IO, Any, Final

from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from fairkeeper.errors import DeniedError, FairkeeperError, NotFoundError, UnauthenticatedError
from fairkeeper.payouts.actions.receive_file import FileReceived, receive_file
from fairkeeper.payouts.actions.withdraw_file import withdraw_file
from fairkeeper.payouts.errors import FileNotHandedOverError, FileTooLargeError
from fairkeeper.payouts.fetching.queries import FetchLine, FetchPage, list_fetches
from fairkeeper.payouts.queries import list_files, show_coverage
from fairkeeper.payouts.views import CoverageView, FileLine, FilePage
from fairkeeper.web.format import count, state, when_text
from fairkeeper.web.pages.payouts import CoverageRow, FetchRow, FileRow, FilesPage
from fairkeeper.web.parts import Empty, Link
from fairkeeper.web.routes.payouts.shared import ROOM, TRAIL, tabs, title_of
from fairkeeper.web.serving.asking import Asking, Words, answer_question, ask, new_key, question_at, reason_field
from fairkeeper.web.serving.console import ConsoleParts
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, FormUnreadableError, Way, answer, get, post

UPLOAD_PATH: Final = "/payouts/upload"
_CHUNK: Final = 1024 * 1024
_MOST_FILES: Final = 200
_SHOWN_FINDINGS: Final = 4
_STATES: Final = {"waiting": "queued", "reading": "running", "read": "done"}
_FETCHING: Final = {"wanted": "queued", "asked": "running", "fetched": "done", "empty": "done"}
_SHOWN_FETCHES: Final = 12


def show_files(visit: Visit) -> Response:
    """Show what was handed over, what is covered, and what to download."""
    found: FilePage = visit.run(list_files, limit=200)
    coverage: CoverageView = visit.run(show_coverage)
    missing: dict[str, list[str]] = {}
    for need in coverage.needs:
        missing.setdefault(need.report, []).append(f"{when_text(need.from_on)} to {when_text(need.to_on)}")
    fetching: FetchPage = visit.run(list_fetches, limit=_SHOWN_FETCHES)
    may_withdraw = visit.allows(withdraw_file)
    page = FilesPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        tabs=tabs("/payouts/files"),
        sentence=_sentence(found),
        is_busy=found.is_busy,
        may_upload=visit.allows(receive_file),
        upload_key=new_key(),
        files=tuple(row for line in found.files for row in _file(line, may_withdraw=may_withdraw)),
        fetches=tuple(_fetch(line) for line in fetching.fetches),
        is_fetching=bool(fetching.reports or fetching.fetches),
        coverage=tuple(
            CoverageRow(
                report=report.title.partition(" (")[0],
                where=report.title.partition(" (")[2].rstrip(")"),
                covered=f"{report.months[0]} to {report.months[-1]}, {count(len(report.months), 'month')}"
                if report.months
                else "",
                missing="; ".join(missing.get(report.report, ())),
            )
            for report in coverage.reports
        ),
        held_back=tuple(
            f"{title_of(held.code)}: {count(held.count)} undecided. {held.need}" for held in coverage.not_enough_data
        ),
        empty=Empty(
            title="No files yet",
            text="`fairkeeper payouts sample FOLDER` writes a made-up year of reports to try this with.",
        ),
    )
    return visit.show(page)


def _sentence(found: FilePage) -> str:
    return f"{count(found.total, 'file')} kept as they came." if found.total else "Nothing has been handed over yet."


def _fetch(line: FetchLine) -> FetchRow:
    why = "No rows in this period." if line.state == "empty" else line.why or ""
    return FetchRow(
        report=line.report.capitalize(),
        period=f"{when_text(line.from_on)} to {when_text(line.to_on)}",
        state=state(_FETCHING.get(line.state, line.state)),
        wanted_at=line.wanted_at,
        why=why,
    )


def _file(line: FileLine, *, may_withdraw: bool) -> list[FileRow]:
    can_go = may_withdraw and line.state in ("read", "refused")
    withdraw = Link(label="Withdraw", href=f"/payouts/files/{line.sha256}/withdraw") if can_go else None
    troubles = tuple(
        f"{_place(finding)}{finding['message']}" for finding in line.findings if finding["level"] != "info"
    )
    shown = troubles[:_SHOWN_FINDINGS]
    if len(troubles) > _SHOWN_FINDINGS:
        shown = (*shown, f"and {count(len(troubles) - _SHOWN_FINDINGS)} more")
    if not line.tables:
        return [
            FileRow(
                name=line.name,
                report="",
                state=state(_STATES.get(line.state, line.state)),
                rows=None,
                period="",
                received_at=line.received_at,
                troubles=shown,
                withdraw=withdraw,
            )
        ]
    return [
        FileRow(
            name=table.name,
            report=table.report.capitalize(),
            state=state(_STATES.get(line.state, line.state)),
            rows=table.rows,
            period=f"{when_text(table.first_on)} to {when_text(table.last_on)}"
            if table.first_on and table.last_on
            else "",
            received_at=line.received_at,
            troubles=shown if number == 0 else (),
            withdraw=withdraw if number == 0 else None,
        )
        for number, table in enumerate(line.tables)
    ]


def _place(finding: dict[str, Any]) -> str:
    told = [f"{name} {finding[name]}" for name in ("row", "column") if name in finding]
    return f"{', '.join(told)}: " if told else ""


# -------------------- withdrawing


def _withdrawing(visit: Visit) -> Asking:
    """Return the question about one file.

    Raises:
        FileNotHandedOverError: There is none of this hash.
    """
    sha256 = visit.named("sha256")[:64]
    found: FilePage = visit.run(list_files, limit=500)
    line = next((each for each in found.files if each.sha256 == sha256), None)
    if line is None:
        raise FileNotHandedOverError("There is no such file in the list.")
    rows = count(sum(table.rows for table in line.tables), "row")
    words = Words(
        opener="Withdraw",
        title=f"Withdraw {line.name}?",
        points=(
            f"Its {rows} no longer count, and what was found in them goes.",
            "The file is kept as it came, and the log tells that it came and went.",
            "Handed over again, it is read again.",
        ),
        submit="Withdraw it",
        fields=(reason_field("It is recorded and shown."),),
    )
    back = "/payouts/files"
    return Asking(
        operation=withdraw_file,
        question=question_at(f"{back}/{sha256}/withdraw", words, back=back),
        back=back,
        room=ROOM,
        fixed={"sha256": sha256},
        trail=(*TRAIL, Link(label="Files", href=back)),
    )


def ask_to_withdraw(visit: Visit) -> Response:
    """Ask for the reason."""
    return ask(visit, _withdrawing(visit))


def withdraw(visit: Visit) -> Response:
    """Withdraw the file."""
    return answer_question(visit, _withdrawing(visit))


# -------------------- uploading


@dataclass(slots=True, kw_only=True)
class _Drafts:
    """Files on their way in."""

    stack: ExitStack
    files: list[tuple[str, IO[bytes]]] = field(default_factory=list)
    wants_json: bool = False


def upload_route(parts: ConsoleParts) -> Route:
    """Return the route that takes files: one as the body with its name in the query, or several as a form."""

    async def endpoint(request: Request) -> Response:
        visit = Visit(parts=parts, request=request)
        trouble: FairkeeperError | None = None
        with ExitStack() as stack:
            drafts = _Drafts(stack=stack)
            try:
                await run_in_threadpool(_admit, visit)
                await _receive(request, visit, drafts)
            except FairkeeperError as error:
                trouble = error
            way = Way(method="POST", path=UPLOAD_PATH, handler=lambda it: _keep(it, drafts), audience=Audience.STAFF)
            return await run_in_threadpool(answer, visit, way, trouble)

    return Route(UPLOAD_PATH, endpoint, methods=["POST"], name="web:POST /payouts/upload")


def _admit(visit: Visit) -> None:
    """Refuse whoever may not hand files over, before anything is read.

    Raises:
        UnauthenticatedError: Nobody is signed in.
        NotFoundError: One of a customer's people asks.
        DeniedError: The role does not allow it.
    """
    visit.open()
    if visit.session is None:
        raise UnauthenticatedError("Nobody is signed in here.", code="web.sign_in_first")
    if not visit.is_staff:
        raise NotFoundError("There is no such page for you.", code="web.no_such_page")
    if not visit.allows(receive_file):
        raise DeniedError("You may not hand files over.")


async def _receive(request: Request, visit: Visit, drafts: _Drafts) -> None:
    """Write what comes into drafts, bounded."""
    largest = visit.parts.library.limits.packed_bytes
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        form = await request.form(max_files=_MOST_FILES, max_fields=20)
        # The key would be of the first file alone; the bytes themselves are what makes a file the same.
        visit.form = {
            name: value for name, value in form.multi_items() if isinstance(value, str) and name == "csrf_token"
        }
        sent = [value for _, value in form.multi_items() if isinstance(value, UploadFile) and value.filename]
        drafts.files = [(value.filename or "unnamed", value.file) for value in sent]
        return
    drafts.wants_json = True
    visit.form = {"csrf_token": request.headers.get("x-csrf-token", "")}
    draft = drafts.stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > largest:
                raise FileTooLargeError(f"The file is larger than {largest // _CHUNK} MB.")
            draft.write(chunk)
    except ClientDisconnect as error:
        raise FormUnreadableError("The file came in part.") from error
    draft.seek(0)
    drafts.files = [(visit.query("name")[:300] or "unnamed", draft)]


def _keep(visit: Visit, drafts: _Drafts) -> Response:
    """Keep every file and have it read."""
    received: list[FileReceived] = []
    for name, stream in drafts.files:
        plain = name.replace("\x00", "").replace("\\", "/").rpartition("/")[2][:300].strip() or "unnamed"
        staged = visit.parts.library.take(iter(lambda stream=stream: stream.read(_CHUNK), b""))  # type: ignore[misc]
        received.append(visit.run(receive_file, sha256=staged.sha256, name=plain))
    if drafts.wants_json:
        return Response(_as_json(received), media_type="application/json")
    return visit.go("/payouts/files")


def _as_json(received: Sequence[FileReceived]) -> bytes:
    return TypeAdapter(list[FileReceived]).dump_json(list(received))


WAYS: Final[tuple[Way, ...]] = (
    get("/payouts/files", show_files, Audience.STAFF),
    get("/payouts/files/{sha256}/withdraw", ask_to_withdraw, Audience.STAFF),
    post("/payouts/files/{sha256}/withdraw", withdraw, Audience.STAFF),
)
