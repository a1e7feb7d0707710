"""Readiness as background work: the addresses of an offer are called, then what was found is recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fairkeeper.action.operation import Operation, OperationInput
from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call, Runner
from fairkeeper.database.tasks import Task
from fairkeeper.jobs.handler import Handler, RetryRule, Work
from fairkeeper.outbound.probing import AddressProber, Probed
from fairkeeper.overview.readiness.probing import PROBE_OFFER, ProbeFound, RecordProbes, record_probes
from fairkeeper.overview.readiness.reviewing import Review, ShowReview, show_review


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownToMicrosoft:
    """The addresses that Microsoft has; None where it has none."""

    landing_page: str | None
    webhook: str | None


AskMicrosoft = Callable[[], KnownToMicrosoft | None]
"""Reads which addresses Microsoft has; None where that cannot be asked, as at the live service."""


class ReadinessWork:
    """What is done for readiness in the background.

    Args:
        runner: Runs its operations.
        prober: Calls addresses.
        ask_microsoft: Which addresses Microsoft has.
    """

    def __init__(self, runner: Runner, prober: AddressProber, ask_microsoft: AskMicrosoft) -> None:
        self._runner = runner
        self._prober = prober
        self._ask_microsoft = ask_microsoft

    def work(self) -> Work:
        """Return its handler."""
        return Work(handlers=(Handler(name=PROBE_OFFER, run=self.probe, retry=RetryRule(first_seconds=2, attempts=3)),))

    def probe(self, task: Task) -> None:
        """Call the addresses that Microsoft has, or where it cannot be asked those that were stated."""
        offer_id = task.payload["offer_id"]
        review: Review = self._run(show_review, ShowReview(offer_id=offer_id))
        there = self._ask_microsoft() or KnownToMicrosoft(landing_page=review.landing_page, webhook=review.webhook)
        found = (
            _found("landing", self._prober.probe_landing(there.landing_page) if there.landing_page else None),
            _found("webhook", self._prober.probe_webhook(there.webhook) if there.webhook else None),
        )
        self._run(record_probes, RecordProbes(offer_id=offer_id, found=found))

    def _run(self, operation: Operation, request: OperationInput) -> Any:
        return self._runner.run(operation, request, Call(principal=system("readiness")))


def _found(target: Any, probed: Probed | None) -> ProbeFound:
    if probed is None:
        return ProbeFound(target=target, address="-", is_fine=False, told="Microsoft has no address for it.")
    return ProbeFound(
        target=target,
        address=probed.address[:2_000],
        is_fine=probed.is_fine,
        told=probed.told[:1_000],
        status=probed.status,
        milliseconds=probed.milliseconds,
    )
