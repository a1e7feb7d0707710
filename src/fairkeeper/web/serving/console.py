"""What the console is handed: the runner and the few things that are no operations, and what pages say of the house."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fairkeeper.access.attempts import SignInAttempts
from fairkeeper.access.credentials import Cookie, browser_cookie, session_cookie
from fairkeeper.action.runner import Runner
from fairkeeper.customers.ports import Fulfillment
from fairkeeper.database.secrets import SecretStore
from fairkeeper.evidence.export import Exporter
from fairkeeper.messages.ports import Mailer
from fairkeeper.microsoft.identity import SignInFlow
from fairkeeper.microsoft.tenants.consent import ConsentFlow
from fairkeeper.opportunities.actions.desk import Desk, NamedFile
from fairkeeper.payouts.files.library import Library
from fairkeeper.token.validator import EntraTokenValidator
from fairkeeper.values.ids import TenantId
from fairkeeper.web.pages.base import Environment
from fairkeeper.web.parts import Fact, Link

CALLBACK_PATH = "/sign-in/callback"


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What pages say of this installation.

    Args:
        publisher: The company that runs it.
        address: The address that people use, without a slash at the end.
        environment: Sandbox, Observing or Live.
        support: Where customers ask for help; None shows nothing.
        tenant_id: The publisher's tenant; None while it is not configured, and then no staff can sign in.
        sign_in_app_id: The application that people sign in with.
        storefront: Where something can be bought in a sandbox.
        technical: What Partner Center's technical configuration asks for.
        provisioning: How the publisher's own code is called.
        only_rooms: The rooms that the rail shows; all if empty.
    """

    publisher: str
    address: str
    environment: Environment
    support: Link | None = None
    tenant_id: TenantId | None = None
    sign_in_app_id: str | None = None
    storefront: Link | None = None
    technical: tuple[Fact, ...] = ()
    provisioning: tuple[Fact, ...] = ()
    only_rooms: frozenset[str] = frozenset()

    @property
    def is_https(self) -> bool:
        """Whether people come by https."""
        return self.address.startswith("https://")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleParts:
    """What the console is made of.

    Attributes:
        runner: Runs operations, with its database and clock.
        secrets: Seals what is kept for a few minutes: landing tokens, a buyer's proved account.
        exporter: Writes files of evidence.
        fulfillment: Resolves landing tokens.
        validator: Proves ID tokens.
        sign_in: Microsoft's sign-in; None while no application is configured for it.
        library: Keeps files of reports.
        desk: Imports files of the insights.
        sample: Makes up files of the insights for a person who wants to try the room; only in a sandbox.
        consent: The ways to Microsoft's consent pages.
        mailer: Sends the one mail that is kept nowhere: an invitation, whose address is a secret.
        house: What pages say of this installation.
    """

    runner: Runner
    secrets: SecretStore
    exporter: Exporter
    fulfillment: Fulfillment
    validator: EntraTokenValidator
    sign_in: SignInFlow | None
    library: Library
    desk: Desk
    sample: Callable[[str], Sequence[NamedFile]] | None
    consent: ConsentFlow
    mailer: Mailer
    house: House
    attempts: SignInAttempts = field(init=False)
    session_cookie: Cookie = field(init=False)
    browser_cookie: Cookie = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "attempts", SignInAttempts(self.runner.database, self.runner.clock))
        object.__setattr__(self, "session_cookie", session_cookie(self.house.address))
        object.__setattr__(self, "browser_cookie", browser_cookie(self.house.address))
