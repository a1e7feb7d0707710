"""Policies that are only tried: decides recorded calls by them as well, and counts where they differ.

Apart from the hot path: a call is handed over without waiting, a thread compares, and what does not fit into the queue
is counted and left out, since trying must never slow down or change a decision. Both answers are computed with the same
facts, so a difference is the policies' alone.
"""

from __future__ import annotations

import json
import queue
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import or_, select

from fairkeeper.database.session import Database
from fairkeeper.governance.policies.house import HOUSE_POLICIES
from fairkeeper.governance.policies.in_force import scoped
from fairkeeper.governance.policies.tables import PolicyBundleRow, PolicyDifferenceRow, PolicyInForceRow
from fairkeeper.policy.bundles.bundle import Bundle
from fairkeeper.policy.decision.arguments import NotExactError, flatten
from fairkeeper.policy.decision.facts import PUBLISHER, Basis, Call, PolicyText, Verdict
from fairkeeper.policy.decision.slices import Asked, PolicyAnswer, PolicySlice
from fairkeeper.policy.decision.windows import worth
from fairkeeper.values.clock import Clock
from fairkeeper.values.ids import CustomerId, new_id

_log = structlog.get_logger(__name__)

MOST_WAITING: Final = 2_000
REFRESH_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    call: Call
    basis: Basis
    verdict: Verdict
    at: datetime
    decision_id: str
    usage: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedBundles:
    """Which bundles are tried, and which of the same owners are in force."""

    tried: dict[str, Bundle]
    active: dict[str, Bundle]


class ShadowComparison:
    """`Shadow` by a thread of its own.

    Args:
        database: Where bundles and differences are.
        clock: What is taken for now.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._waiting: queue.Queue[_Seen] = queue.Queue(MOST_WAITING)
        self._bundles = TriedBundles(tried={}, active={})
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self.left_out = 0
        """Calls that were not compared, because too many waited."""

    def start(self) -> None:
        """Begin to compare."""
        self._bundles = self._load()
        self._thread = threading.Thread(target=self._run, name="fairkeeper-shadow", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Compare what waits, and end."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def compare(  # noqa: PLR0913 - everything that an answer rested on, by name
        self, call: Call, basis: Basis, verdict: Verdict, *, at: datetime, decision_id: str, usage: Mapping[str, int]
    ) -> None:
        """Take one decision to be compared; returns at once."""
        if not self._bundles.tried or verdict.use_id is None:
            return
        try:
            self._waiting.put_nowait(
                _Seen(call=call, basis=basis, verdict=verdict, at=at, decision_id=decision_id, usage=usage)
            )
        except queue.Full:
            self.left_out += 1

    def compare_waiting(self) -> int:
        """Compare what waits now, by the bundles that are tried now; return how many calls were."""
        self._bundles = self._load()
        seen: list[_Seen] = []
        while not self._waiting.empty():
            seen.append(self._waiting.get_nowait())
        self._keep(seen)
        return len(seen)

    def _run(self) -> None:
        while not self._stopped.wait(REFRESH_SECONDS):
            try:
                self.compare_waiting()
            except Exception as error:  # noqa: BLE001 - trying goes on whatever one comparison met
                _log.warning("governance.shadow_failed", error=f"{type(error).__name__}: {error}"[:300])

    def _load(self) -> TriedBundles:
        with self._database.read() as session:
            places = session.scalars(select(PolicyInForceRow).where(PolicyInForceRow.shadow_number.is_not(None))).all()
            if not places:
                return TriedBundles(tried={}, active={})
            owners = sorted({place.owner for place in places} | {PUBLISHER})
            rows = session.scalars(
                select(PolicyBundleRow)
                .join(PolicyInForceRow, PolicyInForceRow.owner == PolicyBundleRow.owner)
                .where(
                    PolicyBundleRow.owner.in_(owners),
                    or_(
                        PolicyBundleRow.number == PolicyInForceRow.shadow_number,
                        PolicyBundleRow.number == PolicyInForceRow.active_number,
                    ),
                )
            ).all()
            tried_numbers = {place.owner: place.shadow_number for place in places}
            bundles = [Bundle(owner=row.owner, number=row.number, text=row.text) for row in rows]
        return TriedBundles(
            tried={each.owner: each for each in bundles if tried_numbers.get(each.owner) == each.number},
            active={each.owner: each for each in bundles if tried_numbers.get(each.owner) != each.number},
        )

    def _keep(self, seen: list[_Seen]) -> None:
        found: Counter[tuple[str, int, str, str, str, str]] = Counter()
        last: dict[tuple[str, int, str, str, str, str], tuple[_Seen, PolicyAnswer]] = {}
        for each in seen:
            for bundle in self._bundles_for(each.basis):
                active, tried = _answers(each, bundle)
                if active.lane is not tried.lane:
                    lanes = (active.lane.value, tried.lane.value)
                    key = (bundle.owner, bundle.number, each.basis.agent.id, each.basis.tool.name, *lanes)
                    found[key] += 1
                    last[key] = (each, tried)
        if not found:
            return
        with self._database.write() as session:
            for key, times in sorted(found.items()):
                owner, number, agent_id, tool_name, active_lane, shadow_lane = key
                row = session.scalars(
                    select(PolicyDifferenceRow)
                    .where(
                        PolicyDifferenceRow.owner == owner,
                        PolicyDifferenceRow.number == number,
                        PolicyDifferenceRow.agent_id == agent_id,
                        PolicyDifferenceRow.tool_name == tool_name,
                        PolicyDifferenceRow.active_lane == active_lane,
                        PolicyDifferenceRow.shadow_lane == shadow_lane,
                    )
                    .with_for_update()
                ).first()
                if row is None:
                    row = PolicyDifferenceRow(
                        difference_id=new_id("dif"),
                        customer_id=None if owner == PUBLISHER else CustomerId(owner),
                        owner=owner,
                        number=number,
                        agent_id=agent_id,
                        tool_name=tool_name,
                        active_lane=active_lane,
                        shadow_lane=shadow_lane,
                        times=0,
                    )
                    session.add(row)
                latest, tried = last[key]
                row.times += times
                row.last_at, row.last_decision_id = latest.at, latest.decision_id
                row.policies = json.dumps(list(tried.policies))

    def _bundles_for(self, basis: Basis) -> list[Bundle]:
        owners = {PUBLISHER, basis.agent.customer_id or PUBLISHER}
        return [bundle for owner, bundle in self._bundles.tried.items() if owner in owners]


def _answers(seen: _Seen, tried: Bundle) -> tuple[PolicyAnswer, PolicyAnswer]:
    """Return what the policies in force answer to a call, and what they would with a tried bundle in its owner's place.

    Raises:
        ValueError: Policies that cannot be read.
    """
    call, basis, verdict = seen.call, seen.basis, seen.verdict
    try:
        texts, numbers, _ = flatten(call.arguments)
    except NotExactError as problem:
        raise ValueError(str(problem)) from problem
    amount, currency = worth(basis.tool, call.arguments)
    asked = Asked(
        use_id=verdict.use_id or "",
        texts=texts,
        numbers=numbers,
        labels=verdict.labels,
        at=seen.at,
        depth=0,
        person=None if call.person is None else call.person.id,
        task=call.task_id,
        amount=amount,
        currency=currency,
        usage=seen.usage,
    )
    is_customers = tried.owner != PUBLISHER
    house = {each.policy.id for each in HOUSE_POLICIES}  # no bundle replaces these
    others = tuple(each for each in basis.policies if each.is_customers != is_customers or each.id in house)
    replaced = replace(basis, policies=(*others, *_for(tried, basis)))
    return PolicySlice(basis).lane(asked), PolicySlice(replaced).lane(asked)


def _for(bundle: Bundle, basis: Basis) -> tuple[PolicyText, ...]:
    return tuple(
        each.policy
        for each in scoped(bundle, basis.agent.customer_id)
        if each.agent_id in (None, basis.agent.id) and each.tool_id in (None, basis.tool.id)
    )
