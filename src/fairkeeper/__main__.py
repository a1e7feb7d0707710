"""The command `fairkeeper`. Imports lazily: `--help` and the offline verifier need neither server nor database."""

from __future__ import annotations

import sys

from fairkeeper.bootstrap.programs import Installed
from fairkeeper.cli.root import run


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run(Installed()))


if __name__ == "__main__":
    main()
