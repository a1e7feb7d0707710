"""Build the documentation: `python -m docs_build`, or `make docs`.

Reads docs/, adds the generated reference, writes site/. Ends with exit code 1 when a link leads nowhere.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from docs_build.drawings import fill
from docs_build.pages import Page, broken_links, read_page, write_site
from docs_build.reference import GENERATED, generate

_ROOT = Path(__file__).parent.parent
_DOCS = _ROOT / "docs"
_SITE = _ROOT / "site"


def read_pages() -> list[Page]:
    """Return the written and the generated pages."""
    written = {
        path.relative_to(_DOCS).as_posix(): fill(path.read_text("utf-8")) for path in sorted(_DOCS.rglob("*.md"))
    }
    both = sorted(written.keys() & GENERATED.keys())
    if both:
        msg = f"These pages are generated and may not be written: {', '.join(both)}"
        raise ValueError(msg)
    return [read_page(path, text) for path, text in (written | generate()).items()]


def other_files() -> list[str]:
    """Return the files beside the pages, such as pictures, by their path under docs/."""
    return [path.relative_to(_DOCS).as_posix() for path in _DOCS.rglob("*") if path.is_file() and path.suffix != ".md"]


def main() -> int:
    """Build the site and return the process's exit code."""
    pages = read_pages()
    files = other_files()
    shutil.rmtree(_SITE, ignore_errors=True)
    for address, html in write_site(pages).items():
        target = _SITE / address
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(html, encoding="utf-8")
    for name in files:
        (_SITE / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_DOCS / name, _SITE / name)
    shutil.copyfile(Path(__file__).parent / "style.css", _SITE / "style.css")

    broken = broken_links(pages, files)
    for sentence in broken:
        print(sentence, file=sys.stderr)
    print(f"{len(pages)} pages in {_SITE.name}/index.html")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
