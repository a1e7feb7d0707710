"""A program of its own: imports the server once, then forks one for each line it is told; `forked_server` talks to it.

A line is JSON: `{"words", "environment", "log", "told", "before"}` starts `fairkeeper` with these words, after the code in
`before` has run, and is answered with the process id; `{"wait": pid}` is answered with its exit code once it has ended (minus the signal's number, as subprocess
tells it).
"""

from __future__ import annotations

import gc
import json
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any


def main() -> None:
    """Serve lines until there are no more."""
    import fairkeeper.bootstrap.demo.running
    import fairkeeper.bootstrap.local
    import fairkeeper.bootstrap.server  # noqa: F401 - imported for whoever is forked

    _open_one()
    gc.freeze()  # what all of them share is not looked through again by each
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


def _open_one() -> None:
    """Open a server on an empty database and close it, so that whoever is forked finds parsed what never changes."""
    from fairkeeper.access.roles import may
    from fairkeeper.action.principal import system
    from fairkeeper.bootstrap.application import create_app
    from fairkeeper.bootstrap.installation import open_installation
    from fairkeeper.bootstrap.settings import read_settings
    from fairkeeper.web.door import ConsoleDoor

    with tempfile.TemporaryDirectory() as folder:
        settings = read_settings(data_dir=Path(folder), database_url=f"sqlite:///{folder}/fairkeeper.db")
        installation = open_installation(settings)
        try:
            door = create_app(installation).router.default
            assert isinstance(door, ConsoleDoor)
            door.open()
            for operation in installation.registry:
                if operation.groups:
                    may(system("nursery"), operation.name, operation.groups, None)
        finally:
            installation.close()


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
        sys.argv = ["fairkeeper", *wish["words"]]
        exec(wish["before"], {})  # noqa: S102 - a test's own code
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
