"""The publisher's own code: called by a signed webhook, by a Python entry point, or not at all.

Each is a `fairkeeper.customers.ports.Provisioner`. The webhook follows Standard Webhooks: its id is the wish's, the
same on every repetition, so a receiver that keeps ids does nothing twice. Its timestamp is the machine's time, not a
rehearsal's: the receiver judges it by its own clock.

Source: Standard Webhooks specification, "Webhook headers", "Signature scheme", "Deliverability", read 2026-11-22.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import httpx
from standardwebhooks import Webhook

from fairkeeper.customers.ports import ProvisioningAnswer, ProvisioningRequest, ProvisioningWish
from fairkeeper.errors import FairkeeperError, InvalidError, UnavailableError
from fairkeeper.outbound.addresses import Lookup, look_up, target_of
from fairkeeper.outbound.clients import make_client
from fairkeeper.values.clock import Clock, SystemClock, format_instant

TIMEOUT_SECONDS: Final = 10.0
TYPE_PREFIX: Final = "fairkeeper.provisioning."
_SHOWN_CHARACTERS: Final = 200
_READ_BYTES: Final = 4096
_TRY_LATER: Final = frozenset({408, 425, 429})

_NOTHING_DONE: Final = {
    ProvisioningWish.PROVISION: "No provisioning is configured, so there was nothing to set up.",
    ProvisioningWish.CHANGE: "No provisioning is configured, so there was nothing to change.",
    ProvisioningWish.SUSPEND: "No provisioning is configured, so there was nothing to suspend.",
    ProvisioningWish.RESUME: "No provisioning is configured, so there was nothing to resume.",
    ProvisioningWish.DRAIN: "No provisioning is configured, so there was nothing to wind down.",
    ProvisioningWish.ERASE: "No provisioning is configured, so there was nothing to erase outside Fairkeeper.",
}

EntryPoint = Callable[[ProvisioningRequest], ProvisioningAnswer | None]
"""The publisher's function: returns what it did, or None where it will report later."""


class ProvisioningUnavailableError(UnavailableError):
    """The publisher's systems could not take the wish now."""

    code = "outbound.provisioning_unavailable"
    remedy = "Look at the publisher's systems; the wish is handed over again until they take it."


class ProvisioningRefusedError(InvalidError):
    """The publisher's systems refuse the wish for good."""

    code = "outbound.provisioning_refused"
    remedy = "Read their reason, correct it there or in the settings, and start provisioning again."


class EntryPointError(InvalidError):
    """The entry point cannot be used."""

    code = "outbound.entry_point"
    remedy = "Name an installed function as FAIRKEEPER_PROVISIONING_ENTRY_POINT, `package.module:function`."


class NothingToSetUp:
    """For a publisher without provisioning: every wish is carried out by doing nothing, and says so."""

    def start(self, request: ProvisioningRequest) -> ProvisioningAnswer:
        """Answer at once."""
        return ProvisioningAnswer(is_done=True, message=_NOTHING_DONE[request.wish])


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRules:
    """How the receiver is called.

    Args:
        allow_private: Whether it may be in a private network.
        lookup: How host names become addresses.
        clock: When a message is signed.
        timeout_seconds: For each step: connecting, sending, the first part of the answer.
    """

    allow_private: bool = False
    lookup: Lookup = look_up
    clock: Clock = field(default_factory=SystemClock)
    timeout_seconds: float = TIMEOUT_SECONDS


class ProvisioningWebhook:
    """Hands wishes over by a signed POST.

    Args:
        url: Where the publisher's receiver listens.
        secret: The webhook's secret, `whsec_` and base64.
        report_base_url: Our own address, for the link by which the receiver reports.
        rules: How it is called.
    """

    def __init__(self, url: str, *, secret: str, report_base_url: str, rules: CallRules | None = None) -> None:
        self._url = url
        self._webhook = _signer(secret)
        self._report_base_url = report_base_url
        self._rules = rules or CallRules()

    def start(self, request: ProvisioningRequest) -> None:
        """Hand a wish over; any answer of 200 to 299 means that it was taken up.

        Raises:
            ProvisioningUnavailableError: No answer, a redirection, 408, 425, 429, or 500 and above.
            ProvisioningRefusedError: Any other answer; 410 says that nobody listens there any more.
            AddressRefusedError, AddressUnknownError: The address leads where it must not, or nowhere.
        """
        target = target_of(self._url, allow_private=self._rules.allow_private, lookup=self._rules.lookup)
        body = json.dumps(message_of(request, self._report_base_url), separators=(",", ":"), sort_keys=True)
        now = self._rules.clock.now()
        headers = {
            "host": target.host,
            "content-type": "application/json",
            "user-agent": "Fairkeeper",
            "webhook-id": request.request_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(request.request_id, now, body),
        }
        try:
            with (
                make_client(self._rules.timeout_seconds) as client,
                client.stream(
                    "POST",
                    target.url,
                    content=body.encode(),
                    headers=headers,
                    extensions={"sni_hostname": target.server_name},
                ) as answer,
            ):
                status, text = answer.status_code, _beginning(answer)
        except httpx.HTTPError as error:
            msg = f"The publisher's receiver at {target.host} did not answer: {type(error).__name__}."
            raise ProvisioningUnavailableError(msg) from error
        _judge(status, text, target.host)


class ProvisioningFunction:
    """Hands wishes to a Python function of the publisher's, in this process.

    Args:
        function: Called once for each try, in a background thread; it has to end by itself.
        name: As it was set, for messages.
    """

    def __init__(self, function: EntryPoint, *, name: str) -> None:
        self._function = function
        self._name = name

    def start(self, request: ProvisioningRequest) -> ProvisioningAnswer | None:
        """Call the function and return what it answers.

        Raises:
            FairkeeperError: What the function raised of ours (`InvalidError` refuses, `UnavailableError` asks again).
            ProvisioningUnavailableError: It raised anything else; it is called again.
            EntryPointError: It returned neither an answer nor None.
        """
        try:
            answer = self._function(request)
        except FairkeeperError:
            raise
        except Exception as error:  # boundary to the publisher's code, which may raise anything; it is called again
            msg = f"{self._name} raised {type(error).__name__}: {error}"[:500]
            raise ProvisioningUnavailableError(msg) from error
        if answer is not None and not isinstance(answer, ProvisioningAnswer):
            msg = f"{self._name} returned a {type(answer).__name__}, neither a ProvisioningAnswer nor None."
            raise EntryPointError(msg)
        return answer


def load_entry_point(text: str) -> ProvisioningFunction:
    """Return the publisher's function.

    Args:
        text: `package.module:function`.

    Raises:
        EntryPointError: There is no such module or function.
    """
    module_name, _, attribute = text.partition(":")
    try:
        function = importlib.import_module(module_name)
        for part in attribute.split("."):
            function = getattr(function, part)
    except (ImportError, AttributeError, ValueError) as error:
        msg = f"The entry point {text!r} cannot be loaded: {error}"
        raise EntryPointError(msg) from error
    if not callable(function):
        msg = f"The entry point {text!r} is no function."
        raise EntryPointError(msg)
    return ProvisioningFunction(function, name=text)


def message_of(request: ProvisioningRequest, report_base_url: str) -> dict[str, object]:
    """Return the message of a wish, in the form that Standard Webhooks recommends: type, timestamp, data."""
    return {
        "type": f"{TYPE_PREFIX}{request.wish.value}",
        "timestamp": format_instant(request.requested_at),
        "data": {
            "request_id": request.request_id,
            "wish": request.wish.value,
            "attempt": request.attempt,
            "customer_id": request.customer_id,
            "subscription_id": request.subscription_id,
            "tenant_id": request.tenant_id,
            "offer_id": request.offer_id,
            "plan_id": request.plan_id,
            "quantity": request.quantity,
            "answers": dict(request.answers),
            "report_url": f"{report_base_url}/api/v1/provisioning/{request.request_id}/report",
        },
    }


def _signer(secret: str) -> Webhook:
    try:
        return Webhook(secret)
    except Exception as error:  # the library raises of its own kinds and of base64's; all say that it is no secret
        msg = "The provisioning webhook's secret is no Standard Webhooks secret."
        raise InvalidError(
            msg, code="outbound.webhook_secret", remedy="Use `whsec_` and the base64 of 24 to 64 random bytes."
        ) from error


def _judge(status: int, text: str, host: str) -> None:
    if 200 <= status < 300:
        return
    told = f": {text}" if text else "."
    msg = f"The publisher's receiver at {host} answered {status}{told}"
    if status < 400 or status in _TRY_LATER or status >= 500:
        raise ProvisioningUnavailableError(msg, detail={"status": status})
    raise ProvisioningRefusedError(msg, detail={"status": status})


def _beginning(answer: httpx.Response) -> str:
    """Return the first words of an answer, for the person who has to look; an endless answer is left unread."""
    if answer.is_success:
        return ""
    content = b""
    for chunk in answer.iter_bytes(_READ_BYTES):
        content += chunk
        break
    text = " ".join(content[:_READ_BYTES].decode("utf-8", "replace").split())
    return "".join(character for character in text if character.isprintable())[:_SHOWN_CHARACTERS]
