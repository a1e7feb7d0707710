"""The story: four made-up customers go the whole way over HTTP, and the log of it is verified from outside.

Contoso comes by the landing page, Fabrikam by auto-activation, Northwind's webhook is lost and reconciliation repairs
it, Adatum is suspended, reinstated and unsubscribes. It is what a newcomer runs first, and what proves that an
installed wheel works.
"""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from fairkeeper.bootstrap.demo.browser import Browser
from fairkeeper.bootstrap.demo.running import HOST, Demo, demo_settings, prepare_people, start_sandbox
from fairkeeper.bootstrap.demo.walk import STEP_SECONDS, Microsoft, Server, Step, StoryError, Walker, is_at, state_of
from fairkeeper.bootstrap.server import address_of, bind, run_app
from fairkeeper.cli.remote import RemoteExecutor
from fairkeeper.cli.watching import Log
from fairkeeper.errors import FairkeeperError
from fairkeeper.proof.keys import read_chain
from fairkeeper.proof.receipt import verify_receipt
from fairkeeper.proof.verification import verify_export
from fairkeeper.proof.witness import Refusal, advance, watch

PEOPLE: Final = {
    "Contoso": "cora.contoso@contoso.example",
    "Fabrikam": "freya.fabrikam@fabrikam.example",
    "Northwind": "nora.northwind@northwind.example",
    "Adatum": "ada.adatum@adatum.example",
}


def run_story(*, data_dir: Path | None, as_json: bool, say: Callable[[str], None]) -> bool:
    """Start everything, walk the four customers, verify the log, and say what happened.

    Args:
        data_dir: Folder for everything; a new one that is taken away afterwards, if left out.
        as_json: Whether to print one JSON document instead of lines.
        say: Writes a line.

    Returns:
        Whether everything went as it should.
    """
    steps: list[Step] = []

    def tell(step: Step) -> None:
        steps.append(step)
        if not as_json:
            say(f"{step.customer:<10}  {step.step:<38}  {step.state:<32}  evidence {step.evidence_index}")

    log: dict[str, Any] = {"size": 0, "root": "", "verified": False}
    error: FairkeeperError | None = None
    with _folder(data_dir) as folder:
        try:
            with _running(folder) as demo:
                customers = _walk_all(demo, tell)
                log = verify_log(demo, customers)
        except FairkeeperError as found:
            error = found
    is_ok = error is None and bool(log["verified"])
    if as_json:
        document: dict[str, Any] = {"steps": [step.as_json() for step in steps], "log": log, "ok": is_ok}
        if error is not None:
            document["error"] = {"code": error.code, "message": error.message, "remedy": error.remedy}
        say(json.dumps(document, ensure_ascii=False))
    else:
        say(error.message if error else f"The log of {log['size']} entries verifies; its root is {log['root']}.")
    return is_ok


def _walk_all(demo: Demo, tell: Callable[[Step], None]) -> list[str]:
    """Walk every customer, and return their ids."""
    microsoft, server = Microsoft(demo), Server(demo)
    customers = []
    try:
        for name, walk in _WALKS.items():
            walker = Walker(demo=demo, microsoft=microsoft, server=server, customer=name, tell=tell)
            subscription_id = walk(walker)
            found = server.subscription(subscription_id)
            customers.append(str(found["line"]["customer_id"]) if found else "")
    finally:
        microsoft.close()
        server.close()
    return customers


def walk_landing_page(walker: Walker) -> str:
    """Buy, open the landing page as the buyer, sign in, activate, and be ready."""
    bought = walker.microsoft.buy(plan_id="team", purchaser=PEOPLE[walker.customer], quantity=12, auto_activation=False)
    subscription_id = str(bought["subscription_id"])
    with Browser() as browser:
        browser.open(str(bought["landing_url"]))
        if "Pick an account" not in browser.view.text:
            browser.press("Microsoft")
        browser.press("Cora Contoso")
        walker.until("bought, signed in on the landing page", subscription_id, is_at("PendingFulfillmentStart", "none"))
        browser.press("Activate")
    walker.until("activated, and set up", subscription_id, is_at("Subscribed", "ready"))
    return subscription_id


def walk_auto_activation(walker: Walker) -> str:
    """Buy with auto-activation, and be ready without any visit."""
    bought = walker.microsoft.buy(
        plan_id="team-plus", purchaser=PEOPLE[walker.customer], quantity=20, auto_activation=True
    )
    subscription_id = str(bought["subscription_id"])
    found = walker.until("activated by Microsoft, and set up", subscription_id, is_at("Subscribed", "ready"))
    if found["was_visited"]:
        msg = f"{walker.customer}: nobody was on the landing page, and the server says somebody was."
        raise StoryError(msg)
    walker.microsoft.do(subscription_id, "change-quantity", quantity=25)
    walker.until("bought five more seats", subscription_id, lambda found: found["line"]["quantity"] == 25)
    return subscription_id


def walk_lost_webhook(walker: Walker) -> str:
    """Lose the only webhook of a purchase, and let reconciliation find it."""
    walker.microsoft.set_faults(lose_next=1)
    bought = walker.microsoft.buy(
        plan_id="team-plus", purchaser=PEOPLE[walker.customer], quantity=5, auto_activation=True
    )
    subscription_id = str(bought["subscription_id"])
    _await_lost(walker, subscription_id)
    if walker.server.subscription(subscription_id) is not None:
        msg = f"{walker.customer}: the webhook was to be lost, and the server knows the purchase."
        raise StoryError(msg)
    walker.server.post("/customers/reconcile")
    walker.until("webhook lost, found by reconciliation", subscription_id, is_at("Subscribed", "ready"))
    return subscription_id


def walk_to_the_end(walker: Walker) -> str:
    """Be suspended, reinstated, unsubscribe, and get a receipt that verifies."""
    bought = walker.microsoft.buy(
        plan_id="team-plus", purchaser=PEOPLE[walker.customer], quantity=8, auto_activation=True
    )
    subscription_id = str(bought["subscription_id"])
    walker.until("activated by Microsoft, and set up", subscription_id, is_at("Subscribed", "ready"))
    walker.microsoft.do(subscription_id, "suspend")
    walker.until("suspended: a payment failed", subscription_id, is_at("Suspended", "ready"))
    walker.microsoft.do(subscription_id, "reinstate")
    walker.until("reinstated: the payment arrived", subscription_id, is_at("Subscribed", "ready"))
    walker.microsoft.do(subscription_id, "cancel")
    found = walker.until(
        "unsubscribed, stopped, with a receipt",
        subscription_id,
        lambda found: state_of(found) == "Unsubscribed, stopped" and bool(found["stopped_receipt"]),
    )
    _check_receipt(walker, str(found["stopped_receipt"]))
    return subscription_id


_WALKS: Final[dict[str, Callable[[Walker], str]]] = {
    "Contoso": walk_landing_page,
    "Fabrikam": walk_auto_activation,
    "Northwind": walk_lost_webhook,
    "Adatum": walk_to_the_end,
}


def verify_log(demo: Demo, customers: list[str]) -> dict[str, Any]:
    """Verify the log from outside: its public tiles against the signed head, and every customer's export.

    Raises:
        StoryError: Something does not verify; it says what.
    """
    with httpx.Client(base_url=demo.url, timeout=STEP_SECONDS, trust_env=False) as client:
        log = Log(client)
        key = read_chain(log.key_statements())[-1].text
        found = advance(watch(key), log.checkpoint(), log)
    if isinstance(found, Refusal):
        msg = f"The log does not verify: {found.message}"
        raise StoryError(msg)
    executor = RemoteExecutor(demo.url, demo.owner_token)
    try:
        for customer_id in customers:
            content = b"".join(executor.export(customer_id))
            report = verify_export(content.splitlines(keepends=True), [key])
            if not report.ok or report.customer != customer_id:
                msg = f"The export of {customer_id} does not verify: {report.findings[:3]}"
                raise StoryError(msg)
    finally:
        executor.close()
    return {"size": found.size, "root": found.root.hex(), "verified": True}


def _check_receipt(walker: Walker, entry_id: str) -> None:
    executor = RemoteExecutor(walker.demo.url, walker.demo.owner_token)
    try:
        report = verify_receipt(executor.receipt(entry_id))
    finally:
        executor.close()
    if not report.ok:
        msg = f"{walker.customer}: the receipt {entry_id} does not verify: {report.findings}"
        raise StoryError(msg)


def _await_lost(walker: Walker, subscription_id: str) -> None:
    """Wait until the sandbox says that the webhook is lost."""
    limit = time.monotonic() + STEP_SECONDS
    while time.monotonic() < limit:
        deliveries = walker.microsoft.deliveries(subscription_id)
        if deliveries and all(delivery["status"] == "lost" for delivery in deliveries):
            return
        time.sleep(0.05)
    msg = f"{walker.customer}: the sandbox did not lose the webhook."
    raise StoryError(msg)


@contextmanager
def _folder(data_dir: Path | None) -> Iterator[Path]:
    if data_dir is not None:
        yield data_dir
        return
    with tempfile.TemporaryDirectory(prefix="fairkeeper-story-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def _running(folder: Path) -> Iterator[Demo]:
    """Run server and sandbox on free ports in threads while the block lasts."""
    from fairkeeper.bootstrap.application import create_app
    from fairkeeper.bootstrap.installation import open_installation
    from fairkeeper.bootstrap.server import Stop

    bound = bind(HOST, 0)
    url = address_of(bound, HOST)
    sandbox, clock = start_sandbox(url, data_dir=folder / "sandbox", port=0)
    try:
        installation = open_installation(demo_settings(url, sandbox.url, folder), clock)
        token = prepare_people(installation)
        app = create_app(installation)
        ready, stop = threading.Event(), Stop()
        thread = threading.Thread(
            target=run_app, args=(app, bound), kwargs={"ready": ready.set, "stop": stop}, name="server", daemon=True
        )
        thread.start()
        if not ready.wait(STEP_SECONDS):
            msg = "The server did not start."
            raise StoryError(msg)
        try:
            yield Demo(url=url, sandbox_url=sandbox.url, owner_token=token)
        finally:
            stop.now()
            thread.join(STEP_SECONDS)
    finally:
        sandbox.stop()
