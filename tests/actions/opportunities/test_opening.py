"""Files opened on a laptop: each is known for what it is, and the console lets in whoever brings the key, once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from fairkeeper.bootstrap.wiring.opening import open_files
from tests.actions.opportunities.book import export

EARNINGS = (
    b"earningId,earningAmount,transactionCurrency,paymentStatus,earningDate\n"
    b"e-1,10.00,EUR,Unprocessed,2026-03-01\ne-2,4.50,EUR,Unprocessed,2026-03-02\n"
)
FILES = [
    export(4),
    ("earnings.csv", EARNINGS),
    ("offer.yaml", b"private_offer:\n  name: made up\n"),
    ("holiday.jpg", b"\xff\xd8\xff\xe0 no table"),
    ("other.csv", b"a,b\n1,2\n"),
]


def test_each_file_goes_to_its_room_and_what_no_room_knows_is_said(tmp_path: Path) -> None:
    opened = open_files(FILES, data_dir=tmp_path, port=0, lens="expansion", top=3)
    try:
        found = opened.result
    finally:
        opened.close()
    assert opened.room == "opportunities"
    assert len(found["accounts"]["accounts"]) == 3
    assert [(each["name"], each["state"]) for each in found["payouts"]["files"]] == [("earnings.csv", "read")]
    assert found["deals"]["files"]
    unknown = [each["file"] for each in found["findings"] if each["code"] == "bootstrap.file_of_no_room"]
    assert unknown == ["holiday.jpg", "other.csv"]


def test_reports_of_payouts_alone_open_their_own_room(tmp_path: Path) -> None:
    opened = open_files([("earnings.csv", EARNINGS)], data_dir=tmp_path, port=0, lens="expansion", top=3)
    try:
        assert (opened.room, opened.result["accounts"]) == ("payouts", None)
        assert "differences" in opened.result["payouts"]
    finally:
        opened.close()


def test_the_console_is_served_on_loopback_to_whoever_has_the_key_once(tmp_path: Path) -> None:
    name, content = export(4)
    (tmp_path / name).write_bytes(b"\n".join(content.split(b"\n")[:60]))
    command = [sys.executable, "-m", "fairkeeper", "open", name, "--data", str(tmp_path / "data"), "--port", "0"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"}, text=True
    ) as served:
        try:
            assert served.stdout is not None
            said = iter(served.stdout.readline, "")
            door = next((line.split()[1] for line in said if line.startswith("Open http")), "")
            assert door.startswith("http://127.0.0.1:")
            address = door.partition("/open/")[0]
            with httpx.Client(base_url=address, timeout=60) as stranger:
                assert stranger.get("/opportunities").status_code in {302, 303, 307, 401, 403}
                assert stranger.get("/open/wrong").status_code == 403
            with httpx.Client(base_url=address, timeout=60) as person:
                entered = person.get(door)
                assert (entered.status_code, entered.headers["location"]) == (303, "/opportunities")
                assert entered.headers["referrer-policy"] == "no-referrer"
                page = person.get("/opportunities")
                assert page.status_code == 200
                assert "/payouts" not in page.text
            with httpx.Client(base_url=address, timeout=60) as late:
                assert late.get(door).status_code == 403
        finally:
            served.terminate()
    assert served.returncode is not None


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"\x00\x01\x02"])
def test_a_damaged_file_is_said_and_opens_no_room(tmp_path: Path, content: bytes) -> None:
    opened = open_files([("x.xlsx", content)], data_dir=tmp_path, port=0, lens="expansion", top=3)
    try:
        assert opened.room == ""
        assert [each["code"] for each in opened.result["findings"]] == ["bootstrap.file_of_no_room"]
    finally:
        opened.close()
