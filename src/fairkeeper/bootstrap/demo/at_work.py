"""An agent at work in the demo: the example of `examples/agent`, for one customer, with and without the gateway.

By what anybody would use: the storefront sells, the owner registers over HTTP, the customer's administrator puts a
policy in force that narrows its own agents, and the example runs as the program that it is. It runs beside the demo,
after that has said where it is, and once for each folder.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from fairkeeper.agent.manifests import Pin, pins_of
from fairkeeper.bootstrap.demo.running import HOST, Demo
from fairkeeper.bootstrap.demo.walk import STEP_SECONDS, Microsoft, Server, StoryError, Walker, is_at
from fairkeeper.bootstrap.server import Stop, address_of, bind, run_app
from fairkeeper.errors import FairkeeperError, UnavailableError

CUSTOMER: Final = "Tailspin"
_OWN, _BEHIND = "mail-agent", "mail-agent-gateway"
_BUYER: Final = "tara.tailspin@tailspin.example"
_SECONDS: Final = 120
"""How long the example may take on a machine that does much else."""
_POLICY: Final = """\
@id("steered-by-strangers")
@reason("What leaves us is not steered by text that anybody could write.")
forbid (principal in Customer::"CUSTOMER", action in Action::"call", resource)
when { resource.effect == "external" && !context.labels.trusted };
"""
_EFFECTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "find_contact": {"title": "Find an address", "effect": "read", "result_is_trusted": True},
    "read_mail": {"title": "Read letters", "effect": "read"},
    "send_mail": {"title": "Send a letter", "effect": "external", "reversibility": "costly"},
}
_AGENT: Final = {
    "version": "1.0.0",
    "owner": f"{CUSTOMER}, Office",
    "accountable": "Tara Tailspin",
    "acts_for": f"Whoever of {CUSTOMER} asks it to answer a letter.",
    "publisher_duties": "Runs it and its tools, and records what it does.",
    "customer_duties": "Says whom it may write to, by asking and by policies of its own.",
    "threat_notes": {"LLM01": "Letters are untrusted: what they say chooses no recipient."},
}
_USE: Final = {
    "title": "Answer letters",
    "owner": f"{CUSTOMER}, Office",
    "business_context": "Letters to the office, answered when somebody asks for it.",
    "value_measure": "Hours until a letter is answered.",
    "not_for": ["Lists of customers", "Contracts"],
}


class ExampleAbsentError(UnavailableError):
    """The example cannot run here."""

    code = "demo.example"
    remedy = "pip install 'fairkeeper[server,agent-framework]', or start the demo without --agent."


def refuse_absent() -> None:
    """Refuse to begin where the framework or the example is not there.

    Raises:
        ExampleAbsentError: One of them is not.
    """
    if find_spec("agent_framework") is None:
        raise ExampleAbsentError("Microsoft Agent Framework is not installed.")
    if not (_example() / "mail_agent.py").exists():
        raise ExampleAbsentError("The example is not here.")


def _example() -> Path:
    """Return the folder of the example: in the package where it was installed, else in the repository."""
    packaged = Path(__file__).parent / "example"
    return packaged if packaged.is_dir() else Path(__file__).parents[4] / "examples" / "agent"


def begin(demo: Demo, folder: Path, *, as_json: bool, say: Callable[[str], None]) -> threading.Thread:
    """Let the agent work in the background, and say where it can be looked at."""

    def run() -> None:
        try:
            agents = work(demo, folder)
        except (FairkeeperError, OSError, ValueError, subprocess.SubprocessError) as error:
            say(json.dumps({"agents": {}, "error": str(error)}) if as_json else f"The mail agent did not run: {error}")
            return
        say(json.dumps({"agents": agents}) if as_json else _text(agents))

    thread = threading.Thread(target=run, name="agent", daemon=True)
    thread.start()
    return thread


def _text(agents: Mapping[str, str]) -> str:
    told = f"A mail agent of {CUSTOMER} answered a letter that told it to do more. What it was refused, and why:"
    return "\n".join((told, *(f"  {way:<19}  {address}" for way, address in agents.items())))


def work(demo: Demo, folder: Path) -> dict[str, str]:
    """Let the example work both ways, if it has not; return the addresses of the two agents' pages."""
    microsoft, server = Microsoft(demo), Server(demo)
    try:
        customer_id = _customer(demo, microsoft, server)
        office = _Office(demo=demo, server=server, customer_id=customer_id, folder=folder)
        known = {each["name"]: each["agent_id"] for each in server.get("/agents", customer_id=customer_id)}
        if not known:
            office.prepare()
            known[_OWN] = office.employ(_OWN, "Mail agent, asking in its own process")
            office.in_its_own_process(known[_OWN])
            known[_BEHIND] = office.employ(_BEHIND, "Mail agent, behind the gateway", is_behind=True)
            office.behind_the_gateway(known[_BEHIND])
        ways = {"in its own process": _OWN, "behind the gateway": _BEHIND}
        return {way: f"{demo.url}/agents/{known[name]}" for way, name in ways.items() if name in known}
    finally:
        microsoft.close()
        server.close()


def _customer(demo: Demo, microsoft: Microsoft, server: Server) -> str:
    """Return the customer's id; it buys where it has not."""
    found = {each["name"]: each["customer_id"] for each in server.get("/customers")["customers"]}
    if CUSTOMER not in found:
        bought = microsoft.buy(plan_id="team-plus", purchaser=_BUYER, quantity=5, auto_activation=True)
        walker = Walker(demo=demo, microsoft=microsoft, server=server, customer=CUSTOMER)
        ready = walker.until("bought, and set up", str(bought["subscription_id"]), is_at("Subscribed", "ready"))
        return str(ready["line"]["customer_id"])
    return str(found[CUSTOMER])


@dataclass(slots=True, kw_only=True)
class _Office:
    """What the customer has: a token for its agents, tools by name, and a folder for what the example says."""

    demo: Demo
    server: Server
    customer_id: str
    folder: Path
    token: str = ""
    pins: dict[str, Pin] = field(default_factory=dict)

    def prepare(self) -> None:
        """Put the policy in force as the customer's administrator, and get what the agents need."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        admin, admin_id = self._token("policies", "customer_admin", days=1)
        customer = Server(replace(self.demo, owner_token=admin))
        try:
            text = _POLICY.replace("CUSTOMER", self.customer_id)
            number = customer.post("/policy-bundles", text=text, note="Letters choose nobody.")["number"]
            customer.post(f"/policy-bundles/{number}/activate")
            limit = time.monotonic() + STEP_SECONDS
            while customer.get("/policy-bundles")["active_number"] != number:
                if time.monotonic() > limit:
                    raise StoryError(f"{CUSTOMER}: the policy was not put in force.")
                time.sleep(0.1)
        finally:
            customer.close()
            self.server.delete(f"/access/tokens/{admin_id}")
        self.token, _ = self._token("mail agent", "service", days=3650)
        self.pins = asyncio.run(_described())

    def _token(self, name: str, role: str, *, days: int) -> tuple[str, str]:
        made = self.server.post(
            "/access/tokens", name=f"{CUSTOMER}: {name}", roles=[role], customer_id=self.customer_id,
            expires_in_days=days,
        )  # fmt: skip
        return str(made["secret"]), str(made["token"]["id"])

    def employ(self, name: str, title: str, *, is_behind: bool = False) -> str:
        """Register an agent with its tools; return its id.

        Args:
            name, title: What it is called.
            is_behind: Whether it has the gateway's tools, which are compared with what was approved.
        """
        owned = {"customer_id": self.customer_id, "environment": "live"}
        agent_id = str(self.server.post("/agents", name=name, title=title, **_AGENT, **owned)["agent_id"])
        use_id = self.server.post(f"/agents/{agent_id}/uses", **_USE)["use_id"]
        self.server.post(f"/uses/{use_id}/approve")
        for tool, pin in self.pins.items():
            described = {"name": pin.name, "manifest": pin.manifest} if is_behind else {"name": tool}
            described |= {"arguments": pin.arguments, "severity": "low", "business_impact": "low", **_EFFECTS[tool]}
            tool_id = self.server.post("/tools", **described, **owned)["tool_id"]
            self.server.post(f"/agents/{agent_id}/permits", tool_id=tool_id, use_id=use_id, lane="automatic")
        return agent_id

    def in_its_own_process(self, agent_id: str) -> None:
        """Run the example with its tools in its own process."""
        self._run(agent_id)

    def behind_the_gateway(self, agent_id: str) -> None:
        """Run the example with its tools behind a gateway."""
        path = self.folder / "gateway.toml"
        command = json.dumps([sys.executable, str(_example() / "mail_server.py")])
        path.write_text(
            f'[fairkeeper]\nurl = "{self.demo.url}"\npatience_seconds = 10\n\n'
            f'[servers.mail]\ncommand = {command}\n\n[servers.mail.carries]\nsend_mail = ["body"]\n\n'
            f'[agents.mail-agent]\nagent_id = "{agent_id}"\nlabels = "provenance"\n',
            encoding="utf-8",
        )
        with _gateway(path) as address:
            self._run("--gateway", f"{address}/mail-agent/mail/mcp")

    def _run(self, *words: str) -> None:
        told = {"FAIRKEEPER_URL": self.demo.url, "FAIRKEEPER_TOKEN": self.token}
        ran = subprocess.run(  # noqa: S603 - our own example, by its own path
            [sys.executable, str(_example() / "mail_agent.py"), *words],
            env={**os.environ, **told}, capture_output=True, text=True, check=False, timeout=_SECONDS,
        )  # fmt: skip
        with (self.folder / "said.txt").open("a", encoding="utf-8") as said:
            said.write(ran.stdout + ran.stderr)
        if ran.returncode != 0:
            raise StoryError(f"The example ended with {ran.returncode}: {ran.stderr.strip()[-300:]}")


async def _described() -> dict[str, Pin]:
    """Return what the example's server says of its tools."""
    from mcp.client.client import Client
    from mcp.client.stdio import StdioServerParameters, stdio_client

    parameters = StdioServerParameters(command=sys.executable, args=[str(_example() / "mail_server.py")])
    async with Client(stdio_client(parameters), mode="legacy", cache=None) as client:
        listed = await client.list_tools()
    return pins_of([each.model_dump(mode="json", by_alias=True, exclude_none=True) for each in listed.tools], "mail")


@contextmanager
def _gateway(configuration: Path) -> Iterator[str]:
    """Run a gateway in a thread while the block lasts."""
    from fairkeeper.gateway.running import open_gateway
    from fairkeeper.gateway.serving import HTTPGateway

    bound = bind(HOST, 0)
    app = HTTPGateway(open_gateway(configuration)).app()
    ready, stop = threading.Event(), Stop()
    thread = threading.Thread(
        target=run_app, args=(app, bound), kwargs={"ready": ready.set, "stop": stop}, name="gateway", daemon=True
    )
    thread.start()
    if not ready.wait(STEP_SECONDS):
        raise StoryError("The gateway did not start.")
    try:
        yield address_of(bound, HOST)
    finally:
        stop.now()
        thread.join(STEP_SECONDS)
