"""Reads a notice of a managed application: only where to look, never what to believe.

The notice is not signed. Whoever knows the address's secret can write one, so that it names a resource and what is said
of it, and everything else is asked of Azure Resource Manager. What cannot be read is kept and shown like the rest.

Source: Microsoft Learn, "Azure managed applications with notifications" (schema, events, retries, authentication), read
2026-11-22.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

_RESOURCE: Final = re.compile(
    r"/subscriptions/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"/resourcegroups/[\w.()-]{1,90}/providers/microsoft\.solutions/applications/[\w.()-]{1,90}",
    re.IGNORECASE | re.ASCII,
)
_WORD: Final = re.compile(r"[A-Za-z]{1,40}")
LEAST_SECRET: Final = 24
"""Characters that the address's secret needs: an address that changes nothing by itself, and still nobody guesses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationNotice:
    """What a notice says.

    Args:
        resource_id: The managed application as the notice spells it; None where it names none.
        event: `PUT`, `PATCH`, `DELETE`, or what stands there.
        provisioning: Microsoft's word.
        trouble: Why it could not be read; empty if it could.
    """

    resource_id: str | None
    event: str = ""
    provisioning: str = ""
    trouble: str = ""

    @property
    def says_gone(self) -> bool:
        """Whether it says that the application was deleted."""
        return self.event.upper() == "DELETE" and self.provisioning.lower() == "deleted"


def read_notice(body: bytes) -> ApplicationNotice:
    """Read a notice, whatever was sent.

    Example:
        >>> read_notice(b'{"eventType": "PUT", "applicationId": "somewhere", "provisioningState": "Succeeded"}').trouble
        'it names no managed application'
        >>> read_notice(b"[]").trouble
        'it is no JSON object'
    """
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return ApplicationNotice(resource_id=None, trouble="it is no JSON")
    if not isinstance(document, dict):
        return ApplicationNotice(resource_id=None, trouble="it is no JSON object")
    event, provisioning = _word(document.get("eventType")), _word(document.get("provisioningState"))
    named = document.get("applicationId")
    if not isinstance(named, str) or not is_application(named):
        return ApplicationNotice(
            resource_id=None, event=event, provisioning=provisioning, trouble="it names no managed application"
        )
    return ApplicationNotice(resource_id=named.rstrip("/"), event=event, provisioning=provisioning)


def is_application(resource_id: str) -> bool:
    """Say whether a text is the id of a managed application, of which an address can be made safely.

    Example:
        >>> group = "/subscriptions/5a0e0000-0000-4000-8000-000000000001/resourceGroups/desk"
        >>> is_application(f"{group}/providers/Microsoft.Solutions/applications/a")
        True
        >>> is_application(f"{group}/../providers/Microsoft.Solutions/applications/a?x=1")
        False
    """
    plain = resource_id.rstrip("/")
    return _RESOURCE.fullmatch(plain) is not None and not {".", ".."} & set(plain.split("/"))


def digest_of_resource(resource_id: str) -> str:
    """Return what a resource is found by; letters' case is not told apart, as Azure does not.

    Example:
        >>> digest_of_resource("/A/b") == digest_of_resource("/a/B/")
        True
    """
    return hashlib.sha256(resource_id.rstrip("/").lower().encode()).hexdigest()


def subscription_of(resource_id: str) -> str:
    """Return the subscription's id that a resource lies in."""
    return resource_id.split("/")[2].lower()


def knows_secret(given: str, secrets: Iterable[str]) -> bool:
    """Say whether somebody knows one of the address's secrets; takes as long whichever it is, and however near.

    Example:
        >>> knows_secret("b", ["a", "b"]), knows_secret("", ["a"]), knows_secret("", [])
        (True, False, False)
    """
    wanted = hashlib.sha256(given.encode("utf-8", "surrogatepass")).digest()
    found = False
    for secret in secrets:
        found |= hmac.compare_digest(hashlib.sha256(secret.encode()).digest(), wanted)
    return found


def _word(value: Any) -> str:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""
