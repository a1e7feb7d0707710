"""What the story's walkers use: the sandbox's control API, the server's own API, and patience.

Every step waits until the server says what it should, and is told with the place of its newest evidence entry.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from fairkeeper.bootstrap.demo.running import Demo
from fairkeeper.errors import UpstreamError

STEP_SECONDS: Final = 25.0
"""How long one step may take before the story gives up."""
_LOOK_SECONDS: Final = 0.1
_TIMEOUT_SECONDS: Final = 20.0


class StoryError(UpstreamError):
    """A step did not come about."""

    code = "demo.story"
    remedy = "Read the message; the steps before it came about."


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of one customer.

    Attributes:
        state: Microsoft's status, and where provisioning stands.
        evidence_index: Place in the log of the newest entry about the subscription.
    """

    customer: str
    step: str
    state: str
    evidence_index: int

    def as_json(self) -> dict[str, Any]:
        """Return it as the story prints it."""
        return {
            "customer": self.customer,
            "step": self.step,
            "state": self.state,
            "evidence_index": self.evidence_index,
        }


class Microsoft:
    """The sandbox's control API: what Microsoft and customers do."""

    def __init__(self, demo: Demo) -> None:
        self._client = httpx.Client(base_url=f"{demo.sandbox_url}/sandbox", timeout=_TIMEOUT_SECONDS, trust_env=False)

    def buy(self, **order: Any) -> dict[str, Any]:
        """Buy, and return the subscription's id and its landing link."""
        return self._send("POST", "/purchases", order)

    def do(self, subscription_id: str, verb: str, **given: Any) -> dict[str, Any]:
        """Let something happen to a subscription (suspend, reinstate, cancel, change-plan …)."""
        return self._send("POST", f"/subscriptions/{subscription_id}/{verb}", given)

    def set_faults(self, **faults: Any) -> None:
        """Switch trouble on; what is left out is off."""
        self._send("PUT", "/faults", faults)

    def deliveries(self, subscription_id: str) -> list[dict[str, Any]]:
        """Return the webhooks about a subscription, newest first."""
        answer = _document(self._client.get("/deliveries", params={"subscription_id": subscription_id}))
        return list(answer["deliveries"])

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _send(self, method: str, path: str, document: Mapping[str, Any]) -> dict[str, Any]:
        answered: dict[str, Any] = _document(self._client.request(method, path, json=dict(document)))
        return answered


class Server:
    """The server's API, as the owner."""

    def __init__(self, demo: Demo) -> None:
        self._client = httpx.Client(
            base_url=demo.url,
            headers={"authorization": f"Bearer {demo.owner_token}"},
            timeout=_TIMEOUT_SECONDS,
            trust_env=False,
        )

    def get(self, path: str, **query: Any) -> Any:
        """Read something below `/api/v1`."""
        return _document(self._client.get(f"/api/v1{path}", params=query or None))

    def post(self, path: str, **document: Any) -> Any:
        """Change something below `/api/v1`."""
        return _document(self._client.post(f"/api/v1{path}", json=document))

    def delete(self, path: str) -> Any:
        """Take something away below `/api/v1`."""
        return _document(self._client.delete(f"/api/v1{path}"))

    def subscription(self, subscription_id: str) -> dict[str, Any] | None:
        """Return a subscription as the server knows it, or None while it knows none."""
        answer = self._client.get(f"/api/v1/subscriptions/{subscription_id}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        found: dict[str, Any] = _document(answer)
        return found

    def newest_index(self, subscription_id: str, kind: str | None = None) -> int | None:
        """Return the place in the log of the newest entry about a subscription, once that entry has one."""
        query = {"subject_type": "subscription", "subject_id": subscription_id, "limit": 1}
        page = self.get("/evidence/entries", **query, **({"kind": kind} if kind else {}))
        index = page["entries"][0]["leaf_index"] if page["entries"] else None
        return None if index is None else int(index)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


@dataclass(slots=True, kw_only=True)
class Walker:
    """Takes steps and tells them.

    Attributes:
        customer: Whose path it is.
        tell: Called with each step as it comes about.
    """

    demo: Demo
    microsoft: Microsoft
    server: Server
    customer: str
    tell: Callable[[Step], None] = lambda _step: None

    def until(self, what: str, subscription_id: str, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until a subscription is as it should be, and tell the step.

        Raises:
            StoryError: It took too long.
        """
        limit = time.monotonic() + STEP_SECONDS
        found: dict[str, Any] | None = None
        while time.monotonic() < limit:
            found = self.server.subscription(subscription_id)
            if found is not None and is_so(found):
                self.note(what, subscription_id, found)
                return found
            time.sleep(_LOOK_SECONDS)
        now = "not known here" if found is None else state_of(found)
        msg = f"{self.customer}: {what!r} did not come about in {STEP_SECONDS:.0f} seconds; it is {now}."
        raise StoryError(msg)

    def note(self, what: str, subscription_id: str, found: Mapping[str, Any]) -> None:
        """Tell a step that came about, once its evidence has a place in the log."""
        limit = time.monotonic() + STEP_SECONDS
        while (index := self.server.newest_index(subscription_id)) is None:
            if time.monotonic() > limit:
                msg = f"{self.customer}: the entry of {what!r} got no place in the log."
                raise StoryError(msg)
            time.sleep(_LOOK_SECONDS)
        self.tell(Step(customer=self.customer, step=what, state=state_of(found), evidence_index=index))


def state_of(found: Mapping[str, Any]) -> str:
    """Return a subscription's state in words: Microsoft's status, and where provisioning stands.

    Example:
        >>> state_of({"line": {"status": "Subscribed", "provisioning": "ready"}})
        'Subscribed, ready'
    """
    line = found["line"]
    return f"{line['status']}, {line['provisioning']}"


def is_at(status: str, provisioning: str) -> Callable[[Mapping[str, Any]], bool]:
    """Return the question whether a subscription is in a status and a state of provisioning."""

    def ask(found: Mapping[str, Any]) -> bool:
        return state_of(found) == f"{status}, {provisioning}"

    return ask


def _document(answer: httpx.Response) -> Any:
    if not answer.is_success:
        msg = f"{answer.request.method} {answer.request.url.path} answered {answer.status_code}: {answer.text[:300]}"
        raise StoryError(msg)
    return answer.json()
