"""A program of its own: imports the server once, then forks one for each line it is told; `forked_server` talks to it.

A line is JSON: `{"environment", "log", "told"}` starts a server and is answered with its process id, `{"wait": pid}`
is answered with its exit code once it has ended (minus the signal's number, as subprocess tells it).
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any


def main() -> None:
    """Serve lines until there are no more."""
    import fairkeeper.bootstrap.application
    import fairkeeper.bootstrap.installation
    import fairkeeper.bootstrap.local
    import fairkeeper.bootstrap.server  # noqa: F401 - imported for whoever is forked

    for line in sys.stdin:
        wish = json.loads(line)
        if "wait" in wish:
            _, status = os.waitpid(wish["wait"], 0)
            answer = os.waitstatus_to_exitcode(status)
        else:
            answer = os.fork()
            if answer == 0:
                _become_server(wish)
        print(answer, flush=True)  # noqa: T201 - how it answers


def _become_server(wish: dict[str, Any]) -> None:
    """Take on a server's environment, streams and command line, run it, and end."""
    code = 1
    try:
        os.environ.clear()
        os.environ.update(wish["environment"])
        os.chdir(Path(wish["log"]).parent)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(os.open(wish["told"], os.O_WRONLY), 1)
        os.dup2(os.open(wish["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), 2)
        sys.argv = ["fairkeeper", "serve", "--json"]
        from fairkeeper.__main__ import main as command

        command()
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:  # noqa: BLE001 - the boundary of a process: what happened is told, and it ends
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
