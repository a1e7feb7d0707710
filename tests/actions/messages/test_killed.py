"""A server that is killed while it hands a mail over: nobody gets it twice, and whoever missed it is followed up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from fairkeeper.database.session import Database
from tests.actions.messages.world import World, open_world

PROGRAM = Path(__file__).with_name("killed_program.py")


def kill_while_handing_over(world: World, database: Database) -> None:
    """Let another process hand the mail over, and kill it when the mail server has the text and has not answered."""
    world.post.holds = True
    url, now = str(database.engine.url), world.house.clock.now().isoformat()
    process = subprocess.Popen([sys.executable, str(PROGRAM), url, str(world.port), now])
    try:
        assert world.post.has_text.wait(60), "the mail never came"
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.wait(30)
    world.post.holds = False


def test_nobody_gets_a_mail_twice_after_a_kill_and_it_is_followed_up(sqlite_database: Database) -> None:
    with open_world(sqlite_database, has_teams=False) as world:
        world.happen("The bank refused")
        kill_while_handing_over(world, sqlite_database)
        assert world.states() == ["leaving"]
        for _ in range(3):
            world.pass_hours(0.5)
        assert len(world.post.mails) == 1, "it had arrived, and came once"
        assert world.states() == ["in_doubt"]
        world.pass_hours(3)
        assert world.post.subjects()[1:] == ["Still unread: The bank refused"] * 2
        world.pass_hours(48)
        assert len(world.post.mails) == 3
        assert "messages.not_handed_over/1" in world.house.kinds()
