"""Where the files of reports are kept, and who reads them."""

from __future__ import annotations

from fairkeeper.action.runner import Runner
from fairkeeper.bootstrap.settings import Settings
from fairkeeper.jobs.handler import Work
from fairkeeper.jobs.payouts import PayoutsWork
from fairkeeper.payouts.files.library import Library
from fairkeeper.payouts.importing import Importer


def make_library(settings: Settings) -> Library:
    """Return the files of reports: a folder beside the database that several processes have to share."""
    return Library(settings.data_dir.resolve() / "payouts")


def payouts_work(runner: Runner, library: Library) -> Work:
    """Return the background work of payouts."""
    return PayoutsWork(Importer(runner, library)).work()
