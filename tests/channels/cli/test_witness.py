"""The witness command against a log on loopback: it remembers, cosigns, and notices a log that rewrites itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fairkeeper.proof.checkpoint import open_checkpoint
from fairkeeper.proof.note import VerifierKey
from fairkeeper.proof.witness import read_state
from tests.channels.cli.conftest import Fairkeeper, Ran
from tests.channels.cli.serving import ServedLog, served
from tests.unit.proof.sample_log import SampleLog, filled_log


def lines(ran: Ran) -> list[dict[str, object]]:
    return [json.loads(line) for line in ran.out.splitlines()]


def look(fairkeeper: Fairkeeper, shown: ServedLog, state: Path, *more: str) -> Ran:
    return fairkeeper("witness", shown.url, "--state", str(state), "--once", "--json", *more)


def test_the_first_look_prints_the_key_and_remembers_the_head(fairkeeper: Fairkeeper, tmp_path: Path) -> None:
    state = tmp_path / "w.json"
    with served(filled_log()) as shown:
        ran = look(fairkeeper, shown, state, "--name", "witness.adatum.example")
    key, seen = lines(ran)
    assert ran.code == 0
    assert VerifierKey.parse(str(key["witness"])).name == "witness.adatum.example"
    assert (seen["size"], seen["is_new"]) == (shown.log.size, True)
    assert read_state(state.read_bytes()).size == shown.log.size
    assert (tmp_path / "w.json.key").stat().st_mode & 0o077 == 0


def test_a_log_that_grows_is_accepted_and_cosigned(fairkeeper: Fairkeeper, tmp_path: Path) -> None:
    state = tmp_path / "w.json"
    with served(filled_log()) as shown:
        key = str(lines(look(fairkeeper, shown, state))[0]["witness"])
        assert shown.cosigned == []
        shown.witnesses.append(key)
        for _ in range(300):
            shown.log.add()
        ran = look(fairkeeper, shown, state)
    _, seen = lines(ran)
    assert (ran.code, seen["size"], seen["is_counted"]) == (0, shown.log.size, True)
    (note,) = shown.cosigned
    opened = open_checkpoint(note, [VerifierKey.parse(shown.log.anchor), VerifierKey.parse(key)])
    assert [cosignature.key.text for cosignature in opened.witnesses] == [key]
    assert opened.head.size == shown.log.size


def test_a_witness_that_the_log_does_not_know_is_told_why(fairkeeper: Fairkeeper, tmp_path: Path) -> None:
    with served(filled_log()) as shown:
        _, seen = lines(look(fairkeeper, shown, tmp_path / "w.json"))
    assert seen["is_counted"] is False
    assert seen["why_not"] == "No witness known here."


def test_what_is_vouched_for_is_on_disk_before(fairkeeper: Fairkeeper, tmp_path: Path) -> None:
    state, seen = tmp_path / "w.json", []
    with served(filled_log()) as shown:
        shown.on_post = lambda: seen.append(read_state(state.read_bytes()).size)
        look(fairkeeper, shown, state)
        shown.log.add()
        look(fairkeeper, shown, state)
    assert seen == [shown.log.size - 1, shown.log.size]


def test_a_log_that_lies_gets_no_cosignature(fairkeeper: Fairkeeper, tmp_path: Path) -> None:
    state = tmp_path / "w.json"
    with served(filled_log(20)) as shown:
        shown.witnesses.append(str(lines(look(fairkeeper, shown, state))[0]["witness"]))
        shown.log = filled_log(10)
        assert look(fairkeeper, shown, state).code == 3
        shown.log = filled_log(40, seed=1)
        assert look(fairkeeper, shown, state).code == 3
    assert shown.cosigned == []


def test_a_log_rolled_back_ends_with_3_and_both_notes(fairkeeper: Fairkeeper, tmp_path: Path) -> None:
    state = tmp_path / "w.json"
    with served(filled_log(20)) as shown:
        before = shown.log.checkpoint().decode()
        look(fairkeeper, shown, state)
        remembered = state.read_bytes()
        shown.log = filled_log(10)
        ran = look(fairkeeper, shown, state)
    assert (ran.code, ran.error["code"], ran.error["kind"]) == (3, "proof.log_rolled_back", "conflict")
    kept = json.loads((tmp_path / "w.json.refused").read_text())
    assert (kept["known"], kept["seen"]) == (before, shown.log.checkpoint().decode())
    assert state.read_bytes() == remembered


def test_a_forked_log_ends_with_3_and_both_notes(fairkeeper: Fairkeeper, tmp_path: Path) -> None:
    state = tmp_path / "w.json"
    log, fork = SampleLog(), SampleLog()
    for number in range(10):
        log.add(payload={"number": number})
        fork.add(payload={"number": number if number != 4 else 400})
    with served(log) as shown:
        look(fairkeeper, shown, state)
        for _ in range(5):
            fork.add()
        shown.log = fork
        ran = look(fairkeeper, shown, state)
    assert (ran.code, ran.error["code"]) == (3, "proof.log_forked")
    kept = json.loads((tmp_path / "w.json.refused").read_text())
    assert kept["known"] == log.checkpoint().decode()
    assert kept["seen"] == fork.checkpoint().decode()


def test_another_root_of_one_size_is_a_fork(fairkeeper: Fairkeeper, tmp_path: Path) -> None:
    log, fork = SampleLog(), SampleLog()
    log.add(payload={"seats": 1})
    fork.add(payload={"seats": 2})
    with served(log) as shown:
        look(fairkeeper, shown, tmp_path / "w.json")
        shown.log = fork
        ran = look(fairkeeper, shown, tmp_path / "w.json")
    assert (ran.code, ran.error["code"]) == (3, "proof.log_forked")


def test_a_key_that_its_predecessor_vouches_for_is_accepted(fairkeeper: Fairkeeper, tmp_path: Path) -> None:
    state = tmp_path / "w.json"
    with served(filled_log()) as shown:
        look(fairkeeper, shown, state)
        shown.log.replace_key()
        shown.log.add()
        ran = look(fairkeeper, shown, state)
    assert ran.code == 0
    assert read_state(state.read_bytes()).key == shown.log.keys[-1].verifier.text


def test_a_key_that_nobody_vouches_for_is_refused(fairkeeper: Fairkeeper, tmp_path: Path) -> None:
    state = tmp_path / "w.json"
    stranger = filled_log(seed=7)
    for _ in range(5):
        stranger.add()
    with served(filled_log()) as shown:
        look(fairkeeper, shown, state)
        shown.log = stranger
        ran = look(fairkeeper, shown, state)
    assert (ran.code, ran.error["code"]) == (3, "proof.log_key_changed")


def test_the_first_look_believes_a_key_that_was_given_and_no_other(fairkeeper: Fairkeeper, tmp_path: Path) -> None:
    with served(filled_log()) as shown:
        fine = look(fairkeeper, shown, tmp_path / "fine.json", "--log-key", shown.log.anchor)
        foreign = look(fairkeeper, shown, tmp_path / "foreign.json", "--log-key", SampleLog(seed=3).anchor)
    assert fine.code == 0
    assert (foreign.code, foreign.error["code"]) == (3, "proof.log_key_changed")


def test_a_log_that_does_not_answer_ends_one_look_with_4(fairkeeper: Fairkeeper, tmp_path: Path) -> None:
    with served(filled_log()) as shown:
        shown.is_down = True
        ran = look(fairkeeper, shown, tmp_path / "w.json")
    assert (ran.code, ran.error["kind"]) == (4, "unavailable")


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1/", ""])
def test_an_address_that_is_none_is_usage(fairkeeper: Fairkeeper, tmp_path: Path, url: str) -> None:
    ran = fairkeeper("witness", url, "--state", str(tmp_path / "w.json"), "--once", "--json")
    assert (ran.code, ran.error["code"]) == (2, "cli.url")


def test_a_broken_state_is_not_begun_anew(fairkeeper: Fairkeeper, tmp_path: Path) -> None:
    state = tmp_path / "w.json"
    state.write_text("{}")
    with served(filled_log()) as shown:
        ran = look(fairkeeper, shown, state)
    assert (ran.code, ran.error["code"]) == (2, "proof.witness_state_malformed")
    assert state.read_text() == "{}"


def test_watching_goes_on_until_the_log_contradicts_itself(tmp_path: Path) -> None:
    with served(filled_log(20)) as shown:
        command = [sys.executable, "-m", "fairkeeper", "witness", shown.url, "--state", str(tmp_path / "w.json")]
        process = subprocess.Popen([*command, "--interval", "0.1", "--json"], stdout=-1, stderr=-1, text=True)
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            assert "witness" in json.loads(process.stdout.readline())
            assert json.loads(process.stdout.readline())["size"] == shown.log.size
            shown.log.add()
            assert json.loads(process.stdout.readline())["size"] == shown.log.size
            shown.is_down = True
            assert "Looking again." in process.stderr.readline()
            shown.log, shown.is_down = filled_log(4), False
            told = [line for line in process.stderr.read().splitlines() if line.startswith("{")]
            assert json.loads(told[-1])["error"]["code"] == "proof.log_rolled_back"
            assert process.wait(timeout=20) == 3
        finally:
            process.kill()
            process.communicate()
