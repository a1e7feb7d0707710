"""Opens files on a laptop: one person, one machine, no sign-in. Recognises what a file is and opens that room alone.

Everything lies in one folder, a new one if none is named. The console listens on the loopback address only, and lets
in whoever has the key that is printed once; the browser gets a session for it, and the key is spent.
"""

from __future__ import annotations

import hmac
import secrets
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from fairkeeper.access.actions.people import AddPerson, add_person
from fairkeeper.access.credentials import digest, new_cookie_value, session_cookie, session_ends_at
from fairkeeper.access.errors import PersonExistsError
from fairkeeper.access.tables import PersonRow, WebSessionRow
from fairkeeper.action.operation import TextFile
from fairkeeper.action.runner import Call
from fairkeeper.bootstrap.application import create_app
from fairkeeper.bootstrap.installation import Installation, open_installation
from fairkeeper.bootstrap.local import LocalExecutor, local_principal
from fairkeeper.bootstrap.server import address_of, bind, run_app
from fairkeeper.bootstrap.settings import Settings, read_settings
from fairkeeper.bootstrap.wiring.opportunities import import_and_rank, make_desk
from fairkeeper.cli.programs import Say
from fairkeeper.deals.actions.check_file import CheckFiles, check_files
from fairkeeper.opportunities.insights.importing import is_insights_file
from fairkeeper.opportunities.queries import RankAccounts, rank_accounts
from fairkeeper.payouts.files.sniffing import is_report_file
from fairkeeper.payouts.queries import list_findings
from fairkeeper.values.findings import FindingKind, Level, finding_kinds
from fairkeeper.values.ids import new_id

_HERE: Final = "127.0.0.1"
_LOCAL_TENANT: Final = "00000000-0000-4000-8000-000000000001"
_LOCAL_PERSON: Final = "00000000-0000-4000-8000-000000000002"

FILE_OF_NO_ROOM: Final = finding_kinds.declare(
    FindingKind(
        code="bootstrap.file_of_no_room",
        level=Level.ERROR,
        title="A file is one that Fairkeeper opens",
        remedy="Give an export of the insights or a report of payouts (xlsx, csv, zip), or a deal's file (yaml, json).",
        resource="aspx-docs",
        example="fairkeeper open holiday.jpg",
    )
)


@dataclass(slots=True, kw_only=True)
class Opened:
    """Files that were opened.

    Attributes:
        result: What was found in them, in JSON form.
        room: The room they belong to; empty where none was recognised.
        folder: Where everything lies.
    """

    result: dict[str, Any]
    room: str
    folder: Path
    _installation: Installation
    _port: int

    def serve(self, say: Say) -> None:
        """Serve the console for this one person until interrupted."""
        bound = bind(_HERE, self._port)
        address = address_of(bound, _HERE)
        settings = self._installation.settings.model_copy(update={"port": bound.getsockname()[1], "host": _HERE})
        self._installation.close()
        installation = open_installation(settings)
        door = _Door(installation, self.room)
        app = create_app(installation, only_rooms=frozenset({self.room.capitalize(), "Evidence"}))
        app.router.routes.insert(0, Route("/open/{key}", door.enter, methods=["GET"], include_in_schema=False))
        run_app(app, bound, ready=lambda: say(f"Open {address}/open/{door.key}\nPress Ctrl+C to end."))

    def close(self) -> None:
        """Let the folder's database go."""
        self._installation.close()


class _Door:
    """Lets in whoever brings the key, once."""

    def __init__(self, installation: Installation, room: str) -> None:
        self.key = secrets.token_urlsafe(24)
        self._installation, self._room = installation, room
        self._lock, self._is_spent = threading.Lock(), False

    def enter(self, request: Request) -> Response:
        """Give the browser a session, and lead it to the room."""
        given = str(request.path_params["key"])
        with self._lock:
            if self._is_spent or not hmac.compare_digest(given.encode(), self.key.encode()):
                return PlainTextResponse("This address was used before, or is not right. Start again.", status_code=403)
            self._is_spent = True
        response = RedirectResponse(f"/{self._room}", status_code=303)
        cookie = session_cookie(self._installation.settings.address)
        response.headers.append("set-cookie", cookie.set_header(_session(self._installation)))
        response.headers["referrer-policy"] = "no-referrer"
        return response


def open_files(files: Sequence[tuple[str, bytes]], *, data_dir: Path | None, port: int, lens: str, top: int) -> Opened:
    """Recognise files, do with each what its room does first, and say what was found.

    Raises:
        FairkeeperError: As opening the folder's database does.
    """
    folder = data_dir or Path(tempfile.mkdtemp(prefix="fairkeeper-"))
    settings = read_settings(
        data_dir=folder, host=_HERE, port=port, base_url=None, sandbox_url=None, entra_tenant_id=_LOCAL_TENANT
    )
    installation = open_installation(settings)
    call = Call(principal=local_principal(), request_id=new_id("req"))
    sorted_files = _sorted(files)
    result: dict[str, Any] = {"folder": str(folder), "files": [], "findings": [], "ranking": None, "accounts": None}
    result["findings"] += [
        FILE_OF_NO_ROOM.found("No room knows this file.", file=name).to_json() for name, _ in sorted_files["unknown"]
    ]
    if sorted_files["opportunities"]:
        _open_insights(installation, settings, sorted_files["opportunities"], call, result, lens=lens, top=top)
    if sorted_files["deals"]:
        _check_deals(sorted_files["deals"], result)
    if sorted_files["payouts"]:
        _import_reports(installation, sorted_files["payouts"], result, top=top)
    room = next((each for each in ("opportunities", "payouts", "deals") if sorted_files[each]), "")
    return Opened(result=result, room=room, folder=folder, _installation=installation, _port=port)


def _sorted(files: Sequence[tuple[str, bytes]]) -> Mapping[str, list[tuple[str, bytes]]]:
    """Sort files by the room they belong to."""
    found: dict[str, list[tuple[str, bytes]]] = {"opportunities": [], "payouts": [], "deals": [], "unknown": []}
    for name, content in files:
        if is_insights_file(content):
            found["opportunities"].append((name, content))
        elif name.lower().endswith((".yaml", ".yml", ".json")) and b"private_offer" in content:
            found["deals"].append((name, content))
        elif _is_report(name, content):
            found["payouts"].append((name, content))
        else:
            found["unknown"].append((name, content))
    return found


def _is_report(name: str, content: bytes) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        path, scratch = Path(folder) / "file", Path(folder) / "scratch"
        path.write_bytes(content)
        scratch.mkdir()
        return is_report_file(path, name, scratch)


def _import_reports(
    installation: Installation, files: Sequence[tuple[str, bytes]], result: dict[str, Any], *, top: int
) -> None:
    """Import reports of payouts, compare them, and say the largest differences."""
    executor = LocalExecutor(installation)
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, (name, content) in enumerate(files):
            path = Path(folder) / str(number) / (Path(name).name or "file")
            path.parent.mkdir()
            path.write_bytes(content)
            paths.append(path)
        result["payouts"] = {"files": executor.import_files(paths, {})}
    result["payouts"]["differences"] = executor.run(list_findings, {"limit": top})


def _open_insights(  # noqa: PLR0913 - everything that decides the first answer
    installation: Installation,
    settings: Settings,
    files: Sequence[tuple[str, bytes]],
    call: Call,
    result: dict[str, Any],
    *,
    lens: str,
    top: int,
) -> None:
    desk = make_desk(settings, installation.runner)
    done = import_and_rank(desk, files, call, taken_on=None, connection=None, is_ranked=True)
    result["files"] += done["files"]
    result["findings"] += done["findings"]
    result["ranking"] = done["ranking"]
    if done["ranking"] is not None:
        ranked = installation.runner.run(rank_accounts, RankAccounts(lens=lens, top=top), call)
        result["accounts"] = TypeAdapter(rank_accounts.result).dump_python(ranked, mode="json")


def _check_deals(files: Sequence[tuple[str, bytes]], result: dict[str, Any]) -> None:
    texts = tuple(TextFile(name=name, text=content.decode("utf-8-sig", "replace")) for name, content in files)
    found = check_files.function(CheckFiles(files=list(texts)))
    checked = TypeAdapter(check_files.result).dump_python(found, mode="json")
    result["files"] += [{**each, "snapshot_id": None} for each in checked["files"]]
    result["findings"] += checked["findings"]
    result["deals"] = checked


def _session(installation: Installation) -> str:
    """Open a session for the person at this machine; return the cookie's value."""
    request = AddPerson(
        tenant_id=_LOCAL_TENANT, object_id=_LOCAL_PERSON, name="You", email="you@localhost", roles=["owner"]
    )
    with suppress(PersonExistsError):  # the folder was opened before
        installation.runner.run(add_person, request, Call(principal=local_principal()))
    value, now = new_cookie_value(), installation.clock.now()
    with installation.database.write() as session:
        person = session.query(PersonRow).filter_by(tenant_id=_LOCAL_TENANT, object_id=_LOCAL_PERSON).one()
        person.state = "active"
        session.add(
            WebSessionRow(
                cookie_digest=digest(value),
                person_id=person.id,
                created_at=now,
                last_seen_at=now,
                expires_at=session_ends_at(now, now),
            )
        )
    return value
