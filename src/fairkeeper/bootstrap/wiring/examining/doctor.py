"""The doctor: looks at every connection by harmless reads and says what has to be mended.

Nothing is changed and nobody is called who would not be called anyway: a token is asked for, the list of subscriptions
is read to its first page, our own landing page and webhook are opened at their public addresses as Microsoft would.
Each look is by itself, so that one broken connection hides no other.
"""

from __future__ import annotations

import base64
import json
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from sqlalchemy import func, select

from fairkeeper.bootstrap.connectors import make_authority
from fairkeeper.bootstrap.database.migrations import check_schema
from fairkeeper.bootstrap.master_keys import FILE_NAME, open_master_keys
from fairkeeper.bootstrap.settings import Settings
from fairkeeper.bootstrap.wiring.clocks import FollowedClock
from fairkeeper.bootstrap.wiring.credentials import days_left, make_app_tokens, own_credentials
from fairkeeper.bootstrap.wiring.examining.beyond import (
    look_at_customers_tenants,
    look_at_private_offers,
    look_at_reports,
    look_at_sign_in,
    look_at_teams,
)
from fairkeeper.bootstrap.wiring.messages import make_mailer
from fairkeeper.database.errors import DatabaseUnavailableError, SchemaBehindError, UnsafeDatabaseError
from fairkeeper.database.secrets import SecretRow, SecretStore
from fairkeeper.database.session import Database
from fairkeeper.database.tasks import TaskRow, TaskState
from fairkeeper.errors import FairkeeperError
from fairkeeper.microsoft.errors import EntraUnavailableError
from fairkeeper.outbound.clients import make_client
from fairkeeper.outbound.mail import SMTPMailer
from fairkeeper.overview.connections import finding_kinds as found
from fairkeeper.overview.connections.announcing import ANNOUNCED_DAYS
from fairkeeper.token.authority import is_guid
from fairkeeper.values.clock import Clock, MovableClock, SystemClock
from fairkeeper.values.findings import Finding

_TIMEOUT_SECONDS: Final = 8.0
_CLOCK_SECONDS: Final = 120
"""Tokens are judged with five minutes of grace; half of that is a reason to look."""
_WORK_LATE: Final = timedelta(minutes=15)
_CERTIFICATE_DAYS: Final = 14
_NO_CERTIFICATE: Final = "no certificate"
_EXPIRED: Final = {7000222}
_UNKNOWN_APP: Final = {700016, 7000229}
_UNKNOWN_TENANT: Final = {90002, 900023, 90038}
_UNKNOWN_RESOURCE: Final = {500011, 650057, 70011}
_WRONG_SECRET: Final = {7000215, 7000218, 700027, 700024, 7000216, 50012}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a look has shown.

    Attributes:
        name: What was looked at.
        findings: What has to be mended; empty is well.
        is_set: Whether there was anything to look at; what is not connected is neither well nor broken.
    """

    name: str
    findings: tuple[Finding, ...] = ()
    is_set: bool = True


@dataclass(slots=True, kw_only=True)
class Doctor:
    """Looks at an installation by its settings alone; the server may run or not.

    Attributes:
        clock: This machine's, which is compared with others'.
        house_clock: By which work falls due; a sandbox's, in a rehearsal. This machine's if left out.
        http: Sends the looks.
    """

    settings: Settings
    clock: Clock = field(default_factory=SystemClock)
    house_clock: Clock | None = None
    http: httpx.Client = field(default_factory=lambda: make_client(_TIMEOUT_SECONDS))

    def look(self, names: frozenset[str] = frozenset()) -> Iterator[Seen]:
        """Look at one thing after the other: at these, or at everything if none is named."""
        looks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
            ("settings", self._settings),
            ("database", self._database),
            ("keys", self._keys),
            ("clock", self._clock_and_entra),
            ("credential", self._credential),
            ("marketplace", self._marketplace),
            ("landing page", self._landing),
            ("webhook", self._webhook),
            ("address", self._address),
            ("background work", self._work),
            ("sign-in", lambda: look_at_sign_in(self.settings, self.http)),
            ("customers' tenants", lambda: look_at_customers_tenants(self.settings, self.http)),
            ("private offers", lambda: look_at_private_offers(self.settings, self.http, self.clock)),
            ("reports", lambda: look_at_reports(self.settings, self.clock)),
            ("mail", self._mail),
            ("teams", lambda: look_at_teams(self.settings, self.http)),
            ("messages", self._messages),
            ("older system", self._old_system),
        )
        unset, broken = self._unset(), set[str]()
        for name, look in looks:
            if names and name not in names:
                continue
            # The same application calls both; that it is the wrong one is told once.
            findings = () if name == "private offers" and "marketplace" in broken else tuple(look())
            if findings:
                broken.add(name)
            yield Seen(name=name, findings=findings, is_set=name not in unset)

    def _unset(self) -> frozenset[str]:
        """Return the looks at what this publisher has not connected."""
        settings = self.settings
        given = {
            "credential": bool(own_credentials(settings)),
            "marketplace": self._is_set,
            "private offers": self._is_set,
            "sign-in": (settings.sign_in_app_secret or settings.fulfillment_app_secret) is not None,
            "customers' tenants": settings.consent_app_secrets.get_secret_value() not in {"", "{}"},
            "reports": settings.insights_connections is not None,
            "mail": settings.smtp_url is not None or settings.mail_from is not None,
            "teams": settings.teams_webhook_url is not None,
            "older system": settings.webhook_forward_url is not None,
        }
        return frozenset(name for name, is_set in given.items() if not is_set)

    def close(self) -> None:
        """Let the connections go."""
        self.http.close()

    # -------------------- the settings

    def _settings(self) -> Iterator[Finding]:
        settings = self.settings
        needed = {
            "FAIRKEEPER_ENTRA_TENANT_ID": settings.entra_tenant_id,
            "FAIRKEEPER_FULFILLMENT_APP_ID": settings.fulfillment_app_id,
        }
        for name, value in needed.items():
            if value is None:
                yield found.SETTING_MISSING.found(f"{name} is not set.", subject=name)
            elif not is_guid(value.lower()):
                yield found.SETTING_MALFORMED.found(f"{name} is {value[:60]!r}.", subject=name)
        if not own_credentials(settings):
            name = "FAIRKEEPER_FULFILLMENT_APP_SECRET"
            yield found.SETTING_MISSING.found(
                f"{name} is not set, nor a certificate, nor a federated one.", subject=name
            )
        if (settings.sign_in_app_id or settings.fulfillment_app_id) is None or (
            settings.sign_in_app_secret if settings.sign_in_app_id else settings.fulfillment_app_secret
        ) is None:
            yield found.SIGN_IN_MISSING.found("No application with a secret is set to sign people in.")

    @property
    def _is_set(self) -> bool:
        settings = self.settings
        ids = (settings.entra_tenant_id, settings.fulfillment_app_id)
        return all(each is not None and is_guid(each.lower()) for each in ids) and bool(own_credentials(settings))

    # -------------------- the database and its keys

    def _database(self) -> Iterator[Finding]:
        address = self.settings.database_address
        database = Database(address)
        try:
            database.check()
        except UnsafeDatabaseError as error:
            kind = found.DATABASE_SUPERUSER if error.code == "database.superuser" else found.DATABASE_NOT_DURABLE
            yield kind.found(error.message)
        except DatabaseUnavailableError as error:
            yield found.DATABASE_UNAVAILABLE.found(error.message)
            return
        else:
            try:
                check_schema(database)
            except SchemaBehindError as error:
                yield found.SCHEMA_BEHIND.found(error.message)
        finally:
            database.dispose()
        if not address.is_sqlite and address.customer_url is None:
            yield found.DATABASE_NO_CUSTOMER_LOGIN.found("FAIRKEEPER_DATABASE_CUSTOMER_URL is not set.")

    def _keys(self) -> Iterator[Finding]:
        settings = self.settings
        is_in_folder = not (settings.master_key or settings.master_key_file or settings.master_key_vault_url)
        if is_in_folder and settings.sandbox_url is None:
            yield found.KEY_BESIDE_DATA.found(f"The master key is in {settings.data_dir / FILE_NAME}.")
        try:
            if is_in_folder and not (settings.data_dir / FILE_NAME).exists():
                return  # it is made at the first start
            store = SecretStore(open_master_keys(settings))
            database = Database(settings.database_address)
            try:
                with database.read() as session:
                    name = session.scalars(select(SecretRow.name).order_by(SecretRow.name).limit(1)).first()
                    if name is not None:
                        store.get(session, name)
            finally:
                database.dispose()
        except DatabaseUnavailableError:
            return  # told by the look at the database
        except FairkeeperError as error:
            yield found.KEY_WRONG.found(error.message)

    # -------------------- Microsoft

    def _clock_and_entra(self) -> Iterator[Finding]:
        """Read Entra's metadata: they tell whether the tenant exists, and what time it is there."""
        tenant = self.settings.entra_tenant_id
        if tenant is None or not is_guid(tenant.lower()):
            return
        address = f"{make_authority(self.settings).base}/{tenant}/v2.0/.well-known/openid-configuration"
        try:
            answer = self.http.get(address)
        except httpx.HTTPError as error:
            yield found.ENTRA_UNREACHABLE.found(f"{address} did not answer: {type(error).__name__}.")
            return
        if answer.status_code in {400, 404}:
            yield found.TENANT_UNKNOWN.found(f"Microsoft Entra has no metadata for the tenant {tenant}.")
        elif answer.status_code != 200:
            yield found.ENTRA_UNREACHABLE.found(f"Microsoft Entra answered {answer.status_code} to the metadata.")
        off = self._seconds_off(answer)
        if off is not None and abs(off) > _CLOCK_SECONDS:
            side = "ahead of" if off > 0 else "behind"
            yield found.CLOCK_OFF.found(f"This machine is {abs(off) // 60} minutes {side} Microsoft Entra.")

    def _seconds_off(self, answer: httpx.Response) -> int | None:
        try:
            theirs = parsedate_to_datetime(answer.headers.get("date", ""))
        except (TypeError, ValueError):
            return None
        return int((self.clock.now() - theirs.astimezone(UTC)).total_seconds())

    def _credential(self) -> Iterator[Finding]:
        now = self.clock.now()
        for each in own_credentials(self.settings):
            left = None if each.expires_on is None else days_left(each.expires_on, now)
            if left is not None and left < 0:
                yield found.SECRET_EXPIRED.found(f"The {each.name} ended on {each.expires_on}.", subject=each.name)
            elif left is not None and left <= max(ANNOUNCED_DAYS):
                yield found.CREDENTIAL_EXPIRES.found(f"The {each.name} ends in {left} days.", subject=each.name)

    def _marketplace(self) -> Iterator[Finding]:
        """Ask for a token and read the first page of subscriptions with it."""
        if not self._is_set:
            return
        try:
            token = make_app_tokens(
                self.settings,
                make_authority(self.settings).base,
                self.http,
                resource=self.settings.marketplace_app_id,
            ).token()
        except EntraUnavailableError:
            return  # told by the look at Entra
        except FairkeeperError as error:
            yield from _refused_token(error, self.settings)
            return
        claims = _claims_of(token)
        if claims.get("aud") not in {self.settings.marketplace_app_id, f"api://{self.settings.marketplace_app_id}"}:
            yield found.AUDIENCE_WRONG.found(f"The token is for {claims.get('aud')!r}.")
        yield from self._list(token)

    def _list(self, token: str) -> Iterator[Finding]:
        address = f"{self.settings.fulfillment_base_url}/saas/subscriptions?api-version=2018-08-31"
        try:
            answer = self.http.get(address, headers={"authorization": f"Bearer {token}"})
        except httpx.HTTPError as error:
            yield found.MARKETPLACE_UNREACHABLE.found(f"{address} did not answer: {type(error).__name__}.")
            return
        if answer.status_code in {401, 403}:
            app = self.settings.fulfillment_app_id
            yield found.PAIR_WRONG.found(f"The marketplace answered {answer.status_code} to the application {app}.")
        elif answer.status_code != 200:
            yield found.MARKETPLACE_UNREACHABLE.found(f"The marketplace answered {answer.status_code}.")

    # -------------------- our own addresses

    def _landing(self) -> Iterator[Finding]:
        address = f"{self.settings.address}/marketplace/landing"
        answer = self._open("GET", address)
        if answer == _NO_CERTIFICATE:
            return  # told by the look at the address
        if isinstance(answer, str):
            yield found.LANDING_UNREACHABLE.found(f"{address} did not answer: {answer}.")
        elif answer.status_code != 200 or "opened without" not in answer.text:
            yield found.LANDING_UNREACHABLE.found(
                f"{address} answered {answer.status_code}, and not as the landing page."
            )

    def _webhook(self) -> Iterator[Finding]:
        """Call the webhook without a token: only we refuse that in our own words."""
        address = f"{self.settings.address}/marketplace/webhook"
        answer = self._open("POST", address)
        if answer == _NO_CERTIFICATE:
            return  # as above
        if isinstance(answer, str):
            yield found.WEBHOOK_UNREACHABLE.found(f"{address} did not answer: {answer}.")
        elif answer.status_code != 401 or "api.webhook_token_missing" not in answer.text:
            yield found.WEBHOOK_UNREACHABLE.found(f"{address} answered {answer.status_code}, and not as the webhook.")

    def _open(self, method: str, address: str) -> httpx.Response | str:
        try:
            return self.http.request(method, address, content=b"{}" if method == "POST" else None)
        except httpx.HTTPError as error:
            return _NO_CERTIFICATE if "CERTIFICATE" in str(error).upper() else type(error).__name__

    def _address(self) -> Iterator[Finding]:
        parts = urlsplit(self.settings.address)
        if parts.scheme != "https":
            if self.settings.sandbox_url is None:
                yield found.NOT_HTTPS.found(f"The public address is {self.settings.address}.")
            return
        host, port = parts.hostname or "", parts.port or 443
        try:
            with (
                socket.create_connection((host, port), timeout=_TIMEOUT_SECONDS) as plain,
                ssl.create_default_context().wrap_socket(plain, server_hostname=host) as connection,
            ):
                ends_at = _end_of(connection.getpeercert())
        except ssl.SSLError as error:
            yield found.CERTIFICATE_BAD.found(f"The certificate of {host} is refused: {error.reason or error}.")
            return
        except OSError:
            return  # told by the looks at the pages
        if ends_at is not None and ends_at - self.clock.now() < timedelta(days=_CERTIFICATE_DAYS):
            yield found.CERTIFICATE_EXPIRES.found(f"The certificate of {host} ends on {ends_at:%d %b %Y}.")

    # -------------------- what runs here

    def _work(self) -> Iterator[Finding]:
        database = Database(self.settings.database_address)
        try:
            with database.read() as session:
                oldest = session.scalar(
                    select(func.min(TaskRow.due_at)).where(
                        TaskRow.state == TaskState.OPEN, TaskRow.leased_until.is_(None), TaskRow.attempts == 0
                    )
                )
        except (DatabaseUnavailableError, FairkeeperError):
            return
        except Exception:  # noqa: BLE001 - no table yet: told by the look at the database
            return
        finally:
            database.dispose()
        late = timedelta() if oldest is None else (self.house_clock or self.clock).now() - oldest
        if late > _WORK_LATE:
            minutes = int(late.total_seconds()) // 60
            yield found.WORK_STANDS.found(f"The oldest piece of work has been due for {minutes} minutes.")

    def _messages(self) -> Iterator[Finding]:
        """Say whether any deadline leaves the console; in a sandbox nothing has to."""
        settings = self.settings
        if settings.smtp_url is None and settings.teams_webhook_url is None and settings.sandbox_url is None:
            yield found.NO_WAY_OUT.found("Neither mail nor Teams is set.")

    def _mail(self) -> Iterator[Finding]:
        """Let the mail server take our connection and name, and send nothing."""
        try:
            mailer = make_mailer(self.settings.model_copy(update={"mode": "manage"}))
            if isinstance(mailer, SMTPMailer):
                mailer.try_out()
        except FairkeeperError as error:
            yield found.MAIL_UNAVAILABLE.found(error.message)

    def _old_system(self) -> Iterator[Finding]:
        """Ask the older system's webhook by HEAD: any answer means that somebody listens."""
        address = self.settings.webhook_forward_url
        if address is None:
            return
        answer = self._open("HEAD", address)
        if isinstance(answer, str):
            yield found.OLD_SYSTEM_UNREACHABLE.found(f"{address} did not answer: {answer}.")


def look_at_all(settings: Settings, house_clock: Clock, names: frozenset[str] = frozenset()) -> list[Seen]:
    """Look once, from inside a server: at these things, or at everything if none is named."""
    doctor = Doctor(settings=settings, house_clock=house_clock)
    try:
        return list(doctor.look(names))
    finally:
        doctor.close()


def examine(settings: Settings) -> dict[str, Any]:
    """Look at everything once and return it for a program: what was looked at, and the findings."""
    house_clock: Clock | None = None
    if settings.sandbox_url is not None:
        house_clock = MovableClock()
        FollowedClock(house_clock, settings.sandbox_url).follow_once()
    seen = look_at_all(settings, house_clock or SystemClock())
    return {
        "looked_at": [{"name": each.name, "is_well": not each.findings, "is_set": each.is_set} for each in seen],
        "findings": [finding.to_json() for each in seen for finding in each.findings],
    }


def _refused_token(error: FairkeeperError, settings: Settings) -> Iterator[Finding]:
    told = str(error.detail.get("numbers", ""))
    numbers = {int(each) for each in re.findall(r"\d+", told)}
    if numbers & _EXPIRED:
        yield found.SECRET_EXPIRED.found("Microsoft Entra says that the credential has expired.")
    elif numbers & _WRONG_SECRET:
        yield found.SECRET_WRONG.found(error.message)
    elif numbers & _UNKNOWN_APP:
        yield found.APP_UNKNOWN.found(
            f"The tenant {settings.entra_tenant_id} does not know the application {settings.fulfillment_app_id}."
        )
    elif numbers & _UNKNOWN_RESOURCE:
        yield found.AUDIENCE_WRONG.found(
            f"The tenant knows no resource {settings.marketplace_app_id} (FAIRKEEPER_MARKETPLACE_APP_ID)."
        )
    elif numbers & _UNKNOWN_TENANT or error.code == "microsoft.own_configuration_refused":
        return  # told by the look at Entra's metadata
    else:
        yield found.TOKEN_REFUSED.found(error.message)


def _claims_of(token: str) -> dict[str, Any]:
    """Read what our own token says of itself; it came from Microsoft Entra a moment ago and is judged elsewhere."""
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _end_of(certificate: Any) -> datetime | None:
    ends = certificate.get("notAfter") if isinstance(certificate, dict) else None
    if not isinstance(ends, str):
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC)
