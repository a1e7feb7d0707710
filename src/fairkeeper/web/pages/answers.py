"""Pages that answer instead of the one asked for: errors, and the question before an action where no script runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from fairkeeper.errors import FairkeeperError
from fairkeeper.web.forms import Question
from fairkeeper.web.pages.base import Frame, Page
from fairkeeper.web.parts import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage(Page):
    """What happened, what was kept, what to do, and an id for support."""

    template: ClassVar[str] = "pages/error.html"
    status: int
    heading: str
    what: str
    kept: str
    remedy: str
    support_id: str
    code: str = ""
    actions: Sequence[Link] = ()

    @property
    def title(self) -> str:
        """What happened, in a few words."""
        return self.heading


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionPage(Page):
    """The question before an action, as a page of its own."""

    template: ClassVar[str] = "pages/question.html"
    question: Question

    @property
    def title(self) -> str:
        """The question."""
        return self.question.title


_HOME = Link(label="Go to Today", href="/")
_WORDS: Final[dict[int, tuple[str, str, str, str]]] = {
    400: (
        "This request cannot be read",
        "Something in the address or the form is not of the expected kind.",
        "Nothing was changed.",
        "Go back, check what you entered, and send it again.",
    ),
    401: (
        "Sign in first",
        "This page is for people who are signed in, and your session has ended or never began.",
        "Nothing was changed.",
        "Sign in; you will come back to this page.",
    ),
    403: (
        "Your role does not allow this",
        "You have no role that permits what this page does.",
        "Nothing was changed.",
        "Ask an owner for a role that allows it.",
    ),
    404: (
        "There is no such page here",
        "Nothing you may see has this address. It may have moved, or belong to somebody else.",
        "Nothing was changed.",
        "Check the address, or search for the thing by name or id.",
    ),
    409: (
        "It has changed in the meantime",
        "The thing is no longer in the state that your request supposes.",
        "Your request was not carried out; the other change stands.",
        "Look at how it stands now and decide again.",
    ),
    422: (
        "Some values cannot be accepted",
        "The request can be read, but it breaks a rule.",
        "Nothing was changed. What you typed is still in the form.",
        "Correct the fields that are marked, and send it again.",
    ),
    500: (
        "Fairkeeper made a mistake",
        "A supposition of our own code did not hold.",
        "What was recorded before stays recorded; what you asked for was not carried out.",
        "Try once more. If it happens again, send the id below to whoever runs this server.",
    ),
    503: (
        "Not available at this moment",
        "The server cannot do this now: it is starting, stopping, or waiting for its database.",
        "Nothing was changed.",
        "Wait a few seconds and try again.",
    ),
}


def error_page(frame: Frame, status: int, *, support_id: str, error: FairkeeperError | None = None) -> ErrorPage:
    """Return the page for an HTTP status, with the error's own words where there are any.

    A status without words of its own gets those of 400 or 500. At 500 the error's words are left out: they speak of
    our code, and whoever has to know finds them by the id for support.
    """
    heading, what, kept, remedy = _WORDS.get(status) or _WORDS[400 if status < 500 else 500]
    actions = (Link(label="Sign in", href="/sign-in"),) if status == 401 else (_HOME,)
    own = error if status != 500 else None
    return ErrorPage(
        frame=frame,
        status=status,
        heading=heading,
        what=own.message if own else what,
        kept=kept,
        remedy=own.remedy if own else remedy,
        support_id=support_id,
        code=error.code if error else "",
        actions=actions,
    )
