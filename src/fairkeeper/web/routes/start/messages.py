"""What somebody was told: listed, and read, which is noted so that nobody else has to hear of it."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from fairkeeper.messages.actions.settings import mark_read
from fairkeeper.messages.queries import MessageView, list_mine, show_mine
from fairkeeper.web.addresses import Address
from fairkeeper.web.format import count, state, when_text
from fairkeeper.web.listing import Choice, Column, Filter, Listing
from fairkeeper.web.pages.messages import MessagePage, MessageRow, MessagesPage
from fairkeeper.web.parts import Empty, Link
from fairkeeper.web.serving.exports import Sheet, export_links, export_ways, sheet_of_rows
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Way, get

_HERE: Final = "/messages"
TRAIL: Final = (Link(label="Messages", href=_HERE),)


def show_list(visit: Visit) -> Response:
    """Show one's own messages."""
    found = _mine(visit)
    unread = sum(1 for each in found if each.read_at is None and each.settled_why is None)
    address = Address.of(_HERE, visit.request.query_params.multi_items())
    page = MessagesPage(
        frame=frame(visit),
        sentence=f"{count(unread)} unread of {count(len(found), 'message')}."
        if found
        else "You were told nothing yet.",
        messages=Listing(
            id="messages",
            caption="Messages",
            columns=tuple(Column(label=label) for label in ("Message", "Told", "By", "State")),
            rows=tuple(map(_row, found)),
            empty=Empty(
                title="No message yet",
                text="What has a deadline or waits for your role is told to you here, by mail and in Teams.",
            ),
            address=address,
            filters=(Filter(name="show", label="Which", choices=(Choice(value="unread", label="Unread"),)),),
            exports=export_links(address),
        ),
    )
    return visit.show(page)


def sheet_of_messages(visit: Visit) -> Sheet:
    """Return one's own messages as a sheet."""
    return sheet_of_rows("messages", MessageRow, map(_row, _mine(visit)))


def show_one(visit: Visit) -> Response:
    """Show a message and note that it was read."""
    message: MessageView = visit.run(show_mine, message_id=visit.named("message_id")[:40])
    if message.read_at is None:
        visit.run(mark_read, message_id=message.message_id)
    told = f"Told on {when_text(message.told_at)}"
    over = f"Nobody is needed any more: {message.settled_why}" if message.settled_why else ""
    page = MessagePage(
        frame=frame(visit),
        trail=TRAIL,
        subject=message.subject,
        sentence=over or (f"{told}; by {when_text(message.due_at)}." if message.due_at else f"{told}."),
        paragraphs=tuple(part.strip() for part in message.text.split("\n\n") if part.strip()),
        way=Link(label="Go to what it is about", href=message.href),
    )
    return visit.show(page)


def _mine(visit: Visit) -> tuple[MessageView, ...]:
    found: tuple[MessageView, ...] = visit.run(list_mine, unread_only=visit.query("show") == "unread", limit=500)
    return found


def _row(message: MessageView) -> MessageRow:
    word = "done" if message.settled_why else "read" if message.read_at else "unread"
    return MessageRow(
        message=Link(label=message.subject, href=f"{_HERE}/{message.message_id}"),
        told_at=message.told_at,
        due_at=message.due_at,
        state=state(word),
    )


WAYS: Final[tuple[Way, ...]] = (
    get(_HERE, show_list),
    *export_ways(_HERE, sheet_of_messages),
    get(f"{_HERE}/{{message_id}}", show_one),
)
