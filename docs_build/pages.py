"""Turns Markdown pages into HTML pages that link to each other, and finds the links that lead nowhere.

Pure: texts in, texts out; `docs_build.__main__` reads and writes the files.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markdown_it.token import Token

SECTIONS = {
    "": "",
    "tutorial": "Tutorial",
    "how-to": "How to",
    "reference": "Reference",
    "explanation": "Explanation",
    "decisions": "Decisions",
}
"""The kinds of documentation, in the order of the navigation, by folder."""

_PARSER = MarkdownIt("gfm-like", {"linkify": False})


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page: its path under docs/ (`how-to/back-up.md`), its heading and its body."""

    path: str
    title: str
    body: str
    anchors: frozenset[str]
    links: tuple[str, ...]

    @property
    def section(self) -> str:
        """The folder, which is the kind of documentation."""
        return self.path.rpartition("/")[0]

    @property
    def address(self) -> str:
        """Where it is in the site."""
        return _as_html(self.path)


def slug(heading: str) -> str:
    """Return the anchor of a heading, as code hosts make it.

    Example:
        >>> slug("Add one check: rule, example, `documentation` entry")
        'add-one-check-rule-example-documentation-entry'
    """
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", heading.strip().lower()))


def read_page(path: str, text: str) -> Page:
    """Render one Markdown text.

    Raises:
        ValueError: It has no heading of the first level, or its folder is no kind of documentation.
    """
    tokens = _PARSER.parse(text)
    title, anchors, links = "", set(), []
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            heading = _plain(tokens[index + 1])
            token.attrSet("id", slug(heading))
            anchors.add(slug(heading))
            if token.tag == "h1" and not title:
                title = heading
        for child in token.children or ():
            if child.type == "link_open":
                target = str(child.attrGet("href") or "")
                links.append(target)
                child.attrSet("href", _as_html(target))
            elif child.type == "image":
                links.append(str(child.attrGet("src") or ""))
    page = Page(
        path=path,
        title=title,
        body=_PARSER.renderer.render(tokens, _PARSER.options, {}),
        anchors=frozenset(anchors),
        links=tuple(links),
    )
    if not title or page.section not in SECTIONS:
        msg = f"docs/{path} needs a heading '# …' and a folder out of {', '.join(filter(None, SECTIONS))}"
        raise ValueError(msg)
    return page


def broken_links(pages: Iterable[Page], files: Iterable[str]) -> list[str]:
    """Return a sentence for every link inside the documentation that leads nowhere; links outside are not followed."""
    by_path = {page.path: page for page in pages}
    known = {*by_path, *files}
    found = []
    for page in by_path.values():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = posixpath.normpath(posixpath.join(page.section, parts.path)) if parts.path else page.path
            if target not in known:
                found.append(f"docs/{page.path} links to {link}, which is not there")
            elif parts.fragment and parts.fragment not in by_path[target].anchors:
                found.append(f"docs/{page.path} links to {link}, but that page has no such heading")
    return found


def write_site(pages: Sequence[Page]) -> Mapping[str, str]:
    """Return the HTML of every page by its address in the site."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    template = environment.get_template("page.html")
    sections = [
        (name, sorted((page for page in pages if page.section == folder), key=lambda page: page.path))
        for folder, name in SECTIONS.items()
    ]
    site = {}
    for page in pages:
        root = "../" * page.path.count("/")
        site[page.address] = template.render(
            page=page, sections=[section for section in sections if section[1]], root=root
        )
    return site


def _plain(token: Token) -> str:
    return "".join(child.content for child in token.children or ())


def _as_html(address: str) -> str:
    """Point a link at the built page.

    Example:
        >>> _as_html("../how-to/back-up.md#when"), _as_html("https://example.com/a.md")
        ('../how-to/back-up.html#when', 'https://example.com/a.md')
    """
    if urlsplit(address).scheme:
        return address
    return re.sub(r"\.md(?=#|$)", ".html", address)
