"""Beside the demo an agent works, with its tools in its own process and behind the gateway; a letter steers neither."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.stories.demo_process import read_line, started

pytestmark = pytest.mark.slow


def test_what_a_letter_steers_is_refused_in_both_ways_and_the_reason_can_be_read(tmp_path: Path) -> None:
    with started("demo", "--agent", "--json", "--port", "0", "--data", str(tmp_path)) as process:
        told, worked = json.loads(read_line(process)), json.loads(read_line(process))
        headers = {"authorization": f"Bearer {told['owner_token']}"}
        with httpx.Client(base_url=f"{told['url']}/api/v1", headers=headers, timeout=30) as api:
            assert set(worked["agents"]) == {"in its own process", "behind the gateway"}, worked
            for way, address in worked["agents"].items():
                seen = read(api, address.rpartition("/")[2])
                assert [(each["tool_name"].rpartition("/")[2], each["reason"]) for each in seen] == [
                    ("find_contact", "permitted"),
                    ("read_mail", "permitted"),
                    ("send_mail", "forbidden"),
                    ("send_mail", "permitted"),
                ], way
                detail = api.get(f"/decisions/{seen[2]['decision_id']}").json()
                assert detail["record"]["answer"]["labels"]["trusted"] is False
                assert detail["reasons"] == {
                    "steered-by-strangers": "What leaves us is not steered by text that anybody could write."
                }
        process.terminate()
        assert process.wait(timeout=30) == 0


def read(api: httpx.Client, agent_id: str) -> list[dict[str, Any]]:
    """Return an agent's decisions, the oldest first."""
    decisions: list[dict[str, Any]] = api.get("/decisions", params={"agent_id": agent_id}).json()["decisions"]
    return decisions[::-1]
