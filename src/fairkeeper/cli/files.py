"""Files that a person names on the command line, handed to operations as texts.

Separate, because an operation takes a text wherever it runs, and only this channel knows of files.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from fairkeeper.errors import InvalidError

STANDARD_INPUT: Final = "-"


class FileUnreadableError(InvalidError):
    """The file cannot be read or written."""

    code = "cli.file"
    remedy = "Check the path and that you may read and write there."


def read_text_file(path: str) -> dict[str, str]:
    """Return a file's name and text as the input model `TextFile` takes them; `-` is standard input.

    Raises:
        FileUnreadableError: It is not there, is a folder, or is no text in UTF-8.
    """
    try:
        content = sys.stdin.buffer.read() if path == STANDARD_INPUT else Path(path).read_bytes()
        return {"name": path, "text": content.decode("utf-8-sig")}
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror or error}."
        raise FileUnreadableError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{path} is no text in UTF-8 (byte {error.start})."
        raise FileUnreadableError(msg, remedy="Save it as UTF-8.") from error
