"""Write every preview page and every asset below a folder."""

from __future__ import annotations

import sys
from pathlib import Path

from fairkeeper.web.assets import assets
from fairkeeper.web.preview.pages import preview_pages
from fairkeeper.web.rendering import environment, render


def write_preview(folder: Path) -> list[Path]:
    """Write the pages, an index of them and the assets; return the pages' files in order."""
    (folder / "static").mkdir(parents=True, exist_ok=True)
    for each in assets().values():
        (folder / "static" / each.name).write_bytes(each.content)
    pages = preview_pages()
    written = []
    for name, page in pages.items():
        file = folder / f"{name}.html"
        file.write_text(render(page), encoding="utf-8")
        written.append(file)
    index = environment().get_template("preview/index.html").render(pages=pages)
    (folder / "index.html").write_text(index, encoding="utf-8")
    return written


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m fairkeeper.web.preview OUTDIR")
    count = len(write_preview(Path(sys.argv[1])))
    sys.stdout.write(f"{count} pages; look at them with: python -m http.server -d {sys.argv[1]}\n")
