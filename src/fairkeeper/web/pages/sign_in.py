"""Signing in: staff, customers, and the first owner with a one-time token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from fairkeeper.web.forms import Form
from fairkeeper.web.pages.base import Page
from fairkeeper.web.parts import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPage(Page):
    """The way in through Microsoft.

    Args:
        for_customers: Whether it speaks to a customer's people instead of the publisher's.
        sign_in: The way to Microsoft's page. A link, since a form that is redirected elsewhere is stopped by the
            content security policy.
        other: Ways for the others (`I am a customer`).
        sentence: Why the reader is here, if a page sent them (`Sign in to see this customer.`).
        error: Why the last attempt failed, and what to do.
        support_id: What support needs about that attempt.
    """

    template: ClassVar[str] = "pages/sign_in.html"
    sign_in: Link
    for_customers: bool = False
    other: Sequence[Link] = ()
    sentence: str = ""
    error: str = ""
    support_id: str = ""

    @property
    def title(self) -> str:
        """What to do here."""
        return "Sign in"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstOwnerPage(Page):
    """The first owner proves to be at the server's console by a one-time token; later there is no such page."""

    template: ClassVar[str] = "pages/first_owner.html"
    form: Form
    token_command: str

    @property
    def title(self) -> str:
        """What to do here."""
        return "Become the first owner"
