"""Calls an offer's landing page as a buyer's browser does, and its webhook as somebody without a token would.

Nothing is bought and nothing is changed: the landing page is asked without a token and with one that nobody made, the
webhook is handed an empty notice that it must refuse. Addresses are judged before they are called, like every other.

Source: Microsoft Learn, "Build the landing page for your transactable SaaS offer"; "Securing your SaaS offer webhook".
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit

import httpx

from fairkeeper.errors import FairkeeperError
from fairkeeper.outbound.addresses import Lookup, look_up, target_of
from fairkeeper.outbound.clients import make_client

_TIMEOUT_SECONDS: Final = 10.0
_MOST_HOPS: Final = 4
_MADE_UP_TOKEN: Final = "probe-of-the-landing-page"  # noqa: S105 - nobody made it


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """What a probe found, in words that a person can act on."""

    address: str
    is_fine: bool
    told: str
    status: int | None
    milliseconds: int


class AddressProber:
    """Probes addresses.

    Args:
        authority: Microsoft Entra's address, to which a landing page has to lead.
        allow_private: Whether addresses of private networks may be called.
        lookup: How host names become addresses.
    """

    def __init__(self, authority: str, *, allow_private: bool = False, lookup: Lookup = look_up) -> None:
        self._authority = urlsplit(authority).netloc
        self._allow_private = allow_private
        self._lookup = lookup

    def probe_landing(self, address: str) -> Probed:
        """Open the landing page without a token, then with a made-up one, and follow it to the sign-in."""
        begun = time.monotonic()
        try:
            bare = self._ask("GET", address)
            if bare.status_code >= 400:
                return _probed(address, begun, bare, f"answers {bare.status_code} to a visitor without a token.")
            joint = "&" if "?" in address else "?"
            return self._follow(address, f"{address}{joint}token={_MADE_UP_TOKEN}", begun)
        except (FairkeeperError, httpx.HTTPError) as error:
            return _unreached(address, begun, error)

    def probe_webhook(self, address: str) -> Probed:
        """Hand the webhook a notice without a token; it has to be refused."""
        begun = time.monotonic()
        try:
            answer = self._ask("POST", address)
        except (FairkeeperError, httpx.HTTPError) as error:
            return _unreached(address, begun, error)
        if answer.status_code in {401, 403}:
            return _probed(address, begun, answer, "refuses a call without a token, as it must.", is_fine=True)
        if answer.is_success:
            return _probed(address, begun, answer, f"takes a call without a token ({answer.status_code}).")
        return _probed(address, begun, answer, f"answers {answer.status_code}, where 401 or 403 is expected.")

    def _follow(self, address: str, first: str, begun: float) -> Probed:
        at = first
        for _ in range(_MOST_HOPS):
            answer = self._ask("GET", at)
            if urlsplit(at).netloc == self._authority:
                is_fine = answer.status_code < 400
                told = (
                    "answers, and leads to the sign-in"
                    if is_fine
                    else f"leads to a sign-in that answers {answer.status_code}"
                )
                return _probed(address, begun, answer, f"{told} of Microsoft Entra.", is_fine=is_fine)
            if answer.status_code >= 400:
                return _probed(address, begun, answer, f"answers {answer.status_code} to a visitor with a token.")
            if not answer.is_redirect:
                if self._authority in answer.text:
                    told = "answers with a page that leads to the sign-in of Microsoft Entra."
                    return _probed(address, begun, answer, told, is_fine=True)
                return _probed(address, begun, answer, "does not lead to the sign-in of Microsoft Entra.")
            at = urljoin(at, answer.headers.get("location", ""))
        told = f"redirects more than {_MOST_HOPS} times."
        return Probed(address=address, is_fine=False, told=told, status=None, milliseconds=_since(begun))

    def _ask(self, method: str, address: str) -> httpx.Response:
        target = target_of(address, allow_private=self._allow_private, lookup=self._lookup)
        headers = {
            "host": target.host,
            "user-agent": "Fairkeeper readiness probe",
            "accept": "text/html,application/json",
        }
        with make_client(_TIMEOUT_SECONDS) as client:
            return client.request(
                method,
                target.url,
                headers=headers,
                json={} if method == "POST" else None,
                extensions={"sni_hostname": target.server_name},
            )


def _probed(address: str, begun: float, answer: httpx.Response, told: str, *, is_fine: bool = False) -> Probed:
    return Probed(address=address, is_fine=is_fine, told=told, status=answer.status_code, milliseconds=_since(begun))


def _unreached(address: str, begun: float, error: Exception) -> Probed:
    why = error.message if isinstance(error, FairkeeperError) else f"did not answer ({type(error).__name__})."
    return Probed(address=address, is_fine=False, told=why[:900], status=None, milliseconds=_since(begun))


def _since(begun: float) -> int:
    return int((time.monotonic() - begun) * 1000)
