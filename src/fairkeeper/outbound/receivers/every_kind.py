"""Delivers events to receivers of every kind: by webhook, into a file, as syslog, to Sentinel, to a collector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from fairkeeper.assurance.forwarding.kinds import DestinationKind, Receiver
from fairkeeper.outbound.provisioning import CallRules
from fairkeeper.outbound.receivers.collector import CollectorSender
from fairkeeper.outbound.receivers.files import EventFiles
from fairkeeper.outbound.receivers.sentinel import SentinelSender
from fairkeeper.outbound.receivers.syslog import SyslogSender
from fairkeeper.outbound.receivers.webhook import EventSender


class Sends(Protocol):
    """Delivers a batch, or raises."""

    def send(self, to: Receiver, batch_id: str, events: Sequence[dict[str, Any]]) -> None:
        """Deliver it."""


class EventReceivers:
    """Every kind of receiver.

    Args:
        rules: How receivers outside are called.
        folder: Where files of events are written.
    """

    def __init__(self, rules: CallRules, folder: Path) -> None:
        # A customer's receiver is never called in a private network: that would be the publisher's own.
        self._outside = _senders(replace(rules, allow_private=False), folder)
        self._anywhere = _senders(rules, folder)

    def send(self, to: Receiver, batch_id: str, events: Sequence[dict[str, Any]]) -> None:
        """Deliver a batch.

        Raises:
            ReceiverUnavailableError: It was not taken; it is delivered again.
            AddressRefusedError, AddressUnknownError: The address leads where it must not, or nowhere.
        """
        senders = self._outside if to.is_customers else self._anywhere
        senders[to.kind].send(to, batch_id, events)


def _senders(rules: CallRules, folder: Path) -> Mapping[DestinationKind, Sends]:
    return {
        DestinationKind.WEBHOOK: EventSender(rules),
        DestinationKind.FILE: EventFiles(folder, rules.clock),
        DestinationKind.SYSLOG: SyslogSender(rules),
        DestinationKind.SENTINEL: SentinelSender(rules),
        DestinationKind.OTLP: CollectorSender(rules),
    }
