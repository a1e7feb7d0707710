"""Install the built wheel as a stranger does, and use it: `make package`.

Two environments that have nothing yet: `pip install fairkeeper`, which has to verify a record and no more, and
`pip install 'fairkeeper[server]'`, which has to run the story. pip takes packages from the index that the machine is
configured for. Start and idle memory of the server are measured and printed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / "build" / "package"
_SLOWEST_START_SECONDS: Final = 600
_SLOWEST_STOP_SECONDS: Final = 120
"""Generous, because other work may have the machine; what is printed says how long it took."""


def main() -> int:
    """Build, install twice, try; return the process's exit code."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(FOLDER), str(ROOT))
    (wheel,) = FOLDER.glob("*.whl")
    light, server = _environment("light", str(wheel)), _environment("server", f"{wheel}[server]")
    _try_light(light)
    _try_server(server)
    return 0


def _environment(name: str, what: str) -> Path:
    """Return the folder of programs of a new environment with the wheel in it."""
    folder = FOLDER / name
    _run(sys.executable, "-m", "venv", str(folder))
    began = time.monotonic()
    _run(str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", what)
    listed = _run(
        str(folder / "bin" / "python"), "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"
    )
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    count = len(json.loads(listed)) - 1  # pip itself is no part of it
    print(
        f"{name}: {count} packages, {size // 1_000_000} MB, installed in {time.monotonic() - began:.0f} s", flush=True
    )
    return folder / "bin"


def _try_light(programs: Path) -> None:
    """Verify what is no record, which needs everything that verifying needs; and find no server."""
    fairkeeper = str(programs / "fairkeeper")
    print(_run(fairkeeper, "--version").strip())
    lie = FOLDER / "lie.jsonl"
    lie.write_text("{}\n", encoding="utf-8")
    ended = subprocess.run([fairkeeper, "evidence", "verify", str(lie)], check=False, capture_output=True, text=True)
    _demand(ended.returncode in (1, 3) and "Traceback" not in ended.stderr, f"verify: {ended.stdout}{ended.stderr}")
    absent = subprocess.run([str(programs / "python"), "-c", "import fastapi"], check=False, capture_output=True)
    _demand(absent.returncode != 0, "the light installation has a server in it")
    print("light: verifies, and has no server in it")


def _try_server(programs: Path) -> None:
    fairkeeper = str(programs / "fairkeeper")
    story = json.loads(_run(fairkeeper, "demo", "--story", "--json").splitlines()[-1])
    _demand(story["ok"] is True, f"the story: {story}")
    print(f"server: the story ran, {story['log']['size']} entries verified")
    environment = {**os.environ, "FAIRKEEPER_DATA_DIR": str(FOLDER / "data"), "FAIRKEEPER_PORT": "0"}
    began = time.monotonic()
    process = subprocess.Popen(
        [fairkeeper, "serve"], env=environment, cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        url = _address(process)
        _ready(url)
        print(f"server: ready after {time.monotonic() - began:.1f} s of this machine's time")
        time.sleep(5)
        print(f"server: {_memory_mb(process.pid)} MB resident when idle")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(_SLOWEST_STOP_SECONDS)


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    for line in process.stdout:
        found = re.search(r"http://\S+", line)
        if found:
            return found[0]
    raise SystemExit("FAILED: the server said no address")


def _ready(url: str) -> None:
    ends = time.monotonic() + _SLOWEST_START_SECONDS
    while time.monotonic() < ends:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("FAILED: the server is not ready")


def _memory_mb(pid: int) -> str:
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return "an unknown number of"
    found = re.search(r"VmRSS:\s+(\d+) kB", text)
    return str(int(found[1]) // 1024) if found else "an unknown number of"


def _run(*words: str) -> str:
    ended = subprocess.run(words, check=False, capture_output=True, text=True)
    _demand(ended.returncode == 0, f"{' '.join(words)}\n{ended.stdout}{ended.stderr}")
    return ended.stdout


def _demand(is_so: bool, what: str) -> None:  # noqa: FBT001 - reads as an assertion
    if not is_so:
        raise SystemExit(f"FAILED: {what}")


if __name__ == "__main__":
    sys.exit(main())
