"""The log's signing keys and their rotation, and the witnesses that watch the log."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from fairkeeper.errors import NotFoundError
from fairkeeper.evidence.actions import add_witness, remove_witness, rotate_log_key
from fairkeeper.evidence.queries import show_log
from fairkeeper.evidence.views import LogView, WitnessView
from fairkeeper.proof.note import VerifierKey
from fairkeeper.web.format import count, state
from fairkeeper.web.forms import Field, Form, with_answers
from fairkeeper.web.pages.settings import KeysPage, SecretKeyRow, WatcherRow
from fairkeeper.web.parts import Identifier, Link
from fairkeeper.web.routes.evidence import witness_row
from fairkeeper.web.routes.settings.tabs import tabs
from fairkeeper.web.serving.asking import (
    Asking,
    Refused,
    Words,
    answer_question,
    ask,
    new_key,
    question_at,
    told,
    try_to,
    typed_fields,
)
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

_HERE: Final = "/settings/keys"
TRAIL: Final = (Link(label="Keys and witnesses", href=_HERE),)


def show_keys(visit: Visit) -> Response:
    """Show the keys and the witnesses."""
    return visit.show(_page(visit, None))


def accept_witness(visit: Visit) -> Response:
    """Accept a witness's cosignatures."""
    form = _form()
    answered = try_to(visit, add_witness, **typed_fields(visit, form))
    if isinstance(answered, Refused):
        again = with_answers(form, visit.form, answered.errors, answered.whole)
        return visit.show(_page(visit, again), answered.status)
    return visit.go(told(visit, _HERE))


def _page(visit: Visit, form: Form | None) -> KeysPage:
    log: LogView = visit.run(show_log)
    may_change = visit.allows(add_witness)
    return KeysPage(
        frame=frame(visit, "Settings"),
        tabs=tabs(visit, "keys"),
        sentence=f"{count(len(log.keys), 'key')} of the log; {count(len(log.witnesses), 'witness', 'witnesses')}.",
        keys=tuple(_key_row(log, number, may_change=may_change) for number in range(len(log.keys) - 1, -1, -1)),
        witnesses=tuple(_watcher(each, log, may_change=may_change) for each in log.witnesses),
        add=(form or _form()) if may_change else None,
    )


def _key_row(log: LogView, number: int, *, may_change: bool) -> SecretKeyRow:
    is_newest = number == len(log.keys) - 1
    return SecretKeyRow(
        purpose="Signs the log’s checkpoints" if is_newest else "Signed before; vouches for the next",
        key=Identifier(text=log.keys[number], names="verifier key"),
        source=f"Made here, kept sealed; {VerifierKey.parse(log.keys[number]).name}",
        state=state("active" if is_newest else "retired"),
        since_at=None,
        rotate=_rotate().question if is_newest and may_change else None,
    )


def _watcher(witness: WitnessView, log: LogView, *, may_change: bool) -> WatcherRow:
    row = witness_row(witness, log)
    return WatcherRow(
        name=row.name,
        key=Identifier(text=witness.key, names="witness key"),
        state=row.state,
        seen_at=row.seen_at,
        remove=_remove(witness.name).question if may_change else None,
    )


def _form() -> Form:
    return Form(
        id="add-witness",
        action=_HERE,
        submit="Add the witness",
        idempotency_key=new_key(),
        fields=(
            Field(
                name="witness_key",
                label="Witness key",
                hint="As `fairkeeper witness` prints it when it starts: a name, a hash and base64.",
                autocomplete="off",
            ),
        ),
    )


def _rotate() -> Asking:
    asked = Words(
        opener="Rotate",
        title="Give the log a new signing key?",
        points=(
            "The present key signs a statement that names the new one, so whoever trusts the old trusts the new.",
            "Checkpoints carry both signatures until the next rotation.",
        ),
        submit="Rotate the key",
    )
    return Asking(
        operation=rotate_log_key,
        question=question_at(f"{_HERE}/rotate", asked, back=_HERE),
        back=_HERE,
        room="Settings",
        trail=TRAIL,
    )


def _remove(name: str) -> Asking:
    asked = Words(
        opener="Remove",
        title=f"Count the cosignatures of {name} no longer?",
        points=("Without a witness nobody outside this server notices if the log is rolled back or forked.",),
        submit="Remove the witness",
        is_dangerous=True,
    )
    return Asking(
        operation=remove_witness,
        question=question_at(f"{_HERE}/witnesses/{quote(name, safe='')}/remove", asked, back=_HERE),
        back=_HERE,
        room="Settings",
        fixed={"name": name},
        trail=TRAIL,
    )


def ask_rotate(visit: Visit) -> Response:
    """Ask before the log's key is rotated."""
    return ask(visit, _rotate())


def rotate(visit: Visit) -> Response:
    """Rotate the log's key."""
    return answer_question(visit, _rotate())


def ask_remove(visit: Visit) -> Response:
    """Ask before a witness is removed."""
    name = visit.named("name")
    log: LogView = visit.run(show_log)
    if name not in {witness.name for witness in log.witnesses}:
        raise NotFoundError(f"There is no witness {name[:80]!r}.", code="evidence.witness_not_found")
    return ask(visit, _remove(name))


def remove(visit: Visit) -> Response:
    """Remove a witness."""
    return answer_question(visit, _remove(visit.named("name")))


WAYS: Final[tuple[Way, ...]] = (
    get(_HERE, show_keys, Audience.STAFF),
    post(_HERE, accept_witness, Audience.STAFF),
    get(f"{_HERE}/rotate", ask_rotate, Audience.STAFF),
    post(f"{_HERE}/rotate", rotate, Audience.STAFF),
    get(f"{_HERE}/witnesses/{{name}}/remove", ask_remove, Audience.STAFF),
    post(f"{_HERE}/witnesses/{{name}}/remove", remove, Audience.STAFF),
)
