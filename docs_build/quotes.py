"""Finds what pages quote: commands, make targets, settings and names in code, each with the page it stands on.

Separate from the tests that judge the quotes, so that a page can also be asked what it quotes by hand.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

RUNNABLE = "run"
"""Behind the language of a code block: a test runs its commands, in order, on a data folder of its own."""

_PARSER = MarkdownIt("gfm-like", {"linkify": False})
_ASSIGNMENT = re.compile(r"[A-Z_]+=.*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One code block.

    Attributes:
        info: What stands behind the fence: the language, and `run`.
    """

    page: str
    info: tuple[str, ...]
    text: str

    @property
    def lines(self) -> list[str]:
        """The lines of a shell block, continued ones put together."""
        return self.text.replace("\\\n", " ").splitlines()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """One command as a page quotes it.

    Attributes:
        words: Everything behind the program's name.
        is_whole: Whether it stands in a code block, and so has to be complete.
    """

    page: str
    words: tuple[str, ...]
    is_whole: bool

    def __str__(self) -> str:
        """Tell where it is and what it says."""
        return f"{self.page}: {' '.join(self.words)}"


def blocks(pages: Mapping[str, str]) -> list[Block]:
    """Return every code block of the pages, in order."""
    return [
        Block(page=page, info=tuple(token.info.split()), text=token.content)
        for page, text in pages.items()
        for token in _PARSER.parse(text)
        if token.type == "fence"
    ]


def inline_code(pages: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what stands in code within sentences, with its page."""
    return [(page, code) for page, text in pages.items() for code in _inline(_PARSER.parse(text))]


def _inline(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        for child in token.children or ():
            if child.type == "code_inline":
                yield child.content


def quoted(pages: Mapping[str, str], program: str) -> list[Quoted]:
    """Return every call of a program that the pages quote.

    Example:
        >>> [str(each) for each in quoted({"a.md": "Run `make demo`."}, "make")]
        ['a.md: demo']
    """
    found = [
        Quoted(page=block.page, words=words, is_whole=True)
        for block in blocks(pages)
        if block.info[:1] == ("sh",)
        for line in block.lines
        if (words := _call(line, program)) is not None
    ]
    return found + [
        Quoted(page=page, words=words, is_whole=False)
        for page, code in inline_code(pages)
        if (words := _call(code, program)) is not None
    ]


def _call(line: str, program: str) -> tuple[str, ...] | None:
    """Return the words behind a program's name in a line of shell, None if the line calls something else.

    Example:
        >>> _call("A=1 fairkeeper serve  # the server", "fairkeeper"), _call("curl $URL", "fairkeeper")
        (('serve',), None)
    """
    try:
        words = shlex.split(line, comments=True)
    except ValueError:  # an open quote: no line of shell, but code that happens to stand in a sentence
        return None
    while words and _ASSIGNMENT.fullmatch(words[0]):
        words = words[1:]
    return tuple(words[1:]) if words and words[0] == program else None
