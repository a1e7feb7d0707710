"""Pages link to each other, and a link that leads nowhere is told."""

from __future__ import annotations

import pytest

from docs_build.pages import broken_links, read_page, write_site


def test_a_link_to_a_page_becomes_a_link_to_its_html() -> None:
    page = read_page("how-to/a.md", "# A\n\n[b](../reference/b.md#part)\n")
    assert 'href="../reference/b.html#part"' in page.body


@pytest.mark.parametrize("link", ["missing.md", "b.md#missing", "#missing", "../images/missing.png"])
def test_a_link_that_leads_nowhere_is_told(link: str) -> None:
    pages = [read_page("how-to/a.md", f"# A\n\n[x]({link})\n"), read_page("how-to/b.md", "# B\n\n## Part\n")]
    assert len(broken_links(pages, [])) == 1


@pytest.mark.parametrize("link", ["b.md", "b.md#part", "#a", "../images/x.png", "https://example.com/missing.md"])
def test_a_link_that_leads_somewhere_is_let_through(link: str) -> None:
    pages = [read_page("how-to/a.md", f"# A\n\n[x]({link})\n"), read_page("how-to/b.md", "# B\n\n## Part\n")]
    assert broken_links(pages, ["images/x.png"]) == []


@pytest.mark.parametrize(("path", "text"), [("how-to/a.md", "no heading"), ("elsewhere/a.md", "# A")])
def test_a_page_without_heading_or_kind_is_refused(path: str, text: str) -> None:
    with pytest.raises(ValueError, match=path):
        read_page(path, text)


def test_the_navigation_marks_where_one_is_and_escapes_titles() -> None:
    pages = [read_page("index.md", "# Home\n"), read_page("how-to/a.md", "# A & B\n")]
    site = write_site(pages)
    assert site.keys() == {"index.html", "how-to/a.html"}
    assert '<a href="../how-to/a.html" aria-current="page">A &amp; B</a>' in site["how-to/a.html"]
    assert '<a href="how-to/a.html">' in site["index.html"]
