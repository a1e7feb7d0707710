"""The client on stdin and stdout: whole messages whatever pieces they come in, and nothing between them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

# Echoes messages as a process of its own; what it prints meanwhile must not reach the client.
PROGRAM = """
import asyncio, os, sys
from fairkeeper.gateway.pipes import serve_pipes

async def main():
    async with serve_pipes() as (read, write):
        async for item in read:
            print("by accident")
            os.write(1, b"by a child\\n")
            if isinstance(item, Exception):
                os.write(2, b"no message\\n")
            else:
                await write.send(item)

asyncio.run(main())
print("afterwards", flush=True)
"""


def message(number: int, text: str = "") -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": number, "method": "ping", "params": {"text": text}}


def run(sent: bytes, tmp_path: Path, *, by_file: bool = False) -> tuple[list[str], str]:
    """Return what the program wrote, line by line, and what it wrote to stderr."""
    command = [sys.executable, "-c", PROGRAM]
    if by_file:
        (tmp_path / "sent").write_bytes(sent)
        with (tmp_path / "sent").open("rb") as given:
            ran = subprocess.run(command, stdin=given, capture_output=True, check=True, timeout=60)
    else:
        ran = subprocess.run(command, input=sent, capture_output=True, check=True, timeout=60)
    return ran.stdout.decode().splitlines(), ran.stderr.decode()


@pytest.mark.parametrize("by_file", [False, True])
def test_messages_go_through_whole_and_nothing_comes_between(tmp_path: Path, by_file: bool) -> None:
    sent = [message(1), message(2, "ü" * 200_000), message(3)]
    lines = [json.dumps(each, ensure_ascii=False).encode() for each in sent]
    wrote, told = run(b"\n".join([lines[0], b"no message", lines[1], lines[2], b""]), tmp_path, by_file=by_file)
    assert [json.loads(each) for each in wrote[:-1]] == sent
    assert wrote[-1] == "afterwards"
    assert told.count("by accident") + told.count("by a child") >= 4
    assert "no message" in told
