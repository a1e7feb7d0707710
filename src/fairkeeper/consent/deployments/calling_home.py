"""Call-home of an instance: what a claim code is, and how long an instance may be silent.

There is no landing page for a container or a virtual machine, and the customer owns the identity that works. So the
instance proves itself with a token of that identity for our API, and says with a code from the customer's page whose it
is; the code counts once. From then on the identity alone is known, and silence is all that tells of its end.

Assumption: an instance calls twice a day; a day and two hours of silence are a suspicion, seven days an end.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fairkeeper.consent.deployments.reading import DeploymentState, Verdict

CODE_LIFETIME: Final = timedelta(days=7)
CALL_EVERY: Final = timedelta(hours=12)
SILENT_AFTER: Final = timedelta(hours=26)
ENDED_AFTER: Final = timedelta(days=7)
_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without those that people take for another."""
_GROUPS: Final = 5


def new_claim_code() -> str:
    """Return a code of a hundred random bits and more, in groups that can be read out."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(_GROUPS))
    return "-".join(groups)


def digest_of_code(code: str) -> bytes:
    """Return what is kept of a code; letters' case, spaces and hyphens do not count.

    Example:
        >>> digest_of_code("abcde-fghjk ") == digest_of_code("ABCDEFGHJK")
        True
    """
    plain = "".join(letter for letter in code.upper() if letter.isascii() and letter.isalnum())
    return hashlib.sha256(plain.encode()).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """What a proved token says of the instance that calls.

    Args:
        resource_id: Azure's id of the managed identity, where the token names it; for people, and nothing is decided
            by it.
    """

    tenant_id: str
    object_id: str
    resource_id: str = ""

    @property
    def key(self) -> str:
        """What it is known by: its identity in its tenant."""
        return f"identity:{self.tenant_id}/{self.object_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What is known of the code that was given."""

    tenant_id: str
    expires_at: datetime
    is_withdrawn: bool
    used_by: str | None
    """Key of the instance that used it."""


def refuse_code(code: Code, instance: Instance, now: datetime) -> str:
    """Return why a code opens nothing for an instance; empty if it does. The same instance may repeat itself.

    Example:
        >>> instance = Instance(tenant_id="t", object_id="o")
        >>> code = Code(tenant_id="u", expires_at=datetime(2026, 12, 1), is_withdrawn=False, used_by=None)
        >>> refuse_code(code, instance, datetime(2026, 11, 22))
        'its token is of another tenant than the code is for'
    """
    if code.tenant_id != instance.tenant_id:
        return "its token is of another tenant than the code is for"
    if code.is_withdrawn:
        return "the code was withdrawn"
    if code.used_by is not None and code.used_by != instance.key:
        return "the code was used by another instance"
    if code.used_by is None and code.expires_at <= now:
        return "the code is too old"
    return ""


def judge_silence(state: DeploymentState, heard_at: datetime, now: datetime) -> Verdict:
    """Say where an instance stands by when it last proved itself.

    Example:
        >>> monday = datetime(2026, 11, 23)
        >>> [judge_silence(DeploymentState.RUNNING, monday, monday + timedelta(days=n)).state.value for n in (1, 2, 7)]
        ['running', 'missed', 'ended']
    """
    silence = now - heard_at
    if silence >= ENDED_AFTER:
        return Verdict(state=DeploymentState.ENDED, note=f"it has not called for {silence.days} days")
    if silence >= SILENT_AFTER:
        return Verdict(state=DeploymentState.MISSED, note="it has not called", missed_at=heard_at)
    ended = state is DeploymentState.ENDED
    return Verdict(state=DeploymentState.ENDED if ended else DeploymentState.RUNNING)
