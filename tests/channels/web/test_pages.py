"""Every page, filled with made-up companies, read as a browser and a screen reader would."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from pathlib import PurePosixPath

import pytest

from fairkeeper.web.pages.base import Page
from fairkeeper.web.preview.pages import preview_pages
from fairkeeper.web.rendering import render
from tests.channels.web.markup import Element, read

PAGES = preview_pages()
EVERY_PAGE = pytest.mark.parametrize("name", sorted(PAGES))


@cache
def html(name: str) -> str:
    """Return a page as a browser gets it, made when it is first asked for: every worker of a run imports this file."""
    return render(PAGES[name])


@cache
def tree(name: str) -> Element:
    return read(html(name))


def _subclasses(page: type[Page]) -> set[type[Page]]:
    return {page}.union(*(_subclasses(each) for each in page.__subclasses__()))


def test_every_kind_of_page_is_in_the_preview() -> None:
    kinds = {kind for kind in _subclasses(Page) if "template" in vars(kind)}
    assert {kind.__name__ for kind in kinds} == {type(page).__name__ for page in PAGES.values()}


def test_every_page_template_belongs_to_a_page() -> None:
    root = resources.files("fairkeeper.web") / "templates" / "pages"
    found = {f"pages/{entry.name}" for entry in root.iterdir() if entry.name.endswith(".html")}
    for folder in ("accounts", "deals", "governance", "landing", "opportunities", "payouts", "settings", "usage"):
        found |= {f"pages/{folder}/{entry.name}" for entry in (root / folder).iterdir() if entry.name != "frame.html"}
    used = {page.template for page in PAGES.values() if page.template.startswith("pages/")}
    assert found == used


@EVERY_PAGE
def test_a_page_has_one_title_one_main_and_a_way_to_it(name: str) -> None:
    root = tree(name)
    (html,) = root.all("html")
    assert html.attributes["lang"] == "en"
    (title,) = root.all("title")
    (heading,) = root.all("h1")
    assert heading.text
    if not name.startswith("receipt"):
        assert title.text.startswith(heading.text)
    (main,) = root.all("main")
    assert heading in main.walk()
    body = root.all("body")[0]
    skip = body.children[0]
    assert skip.has(class_="skip", href="#main")
    assert main.attributes["id"] == "main"
    assert root.all("meta", name="viewport")[0].attributes["content"] == "width=device-width, initial-scale=1"


@EVERY_PAGE
def test_a_page_has_nothing_inline(name: str) -> None:
    for element in tree(name).walk():
        assert element.tag != "style"
        assert not [attribute for attribute in element.attributes if attribute == "style" or attribute.startswith("on")]
        if element.tag == "script":
            assert element.attributes["src"].startswith("/static/")
            assert not element.text
        for attribute in ("href", "action", "src", "hx-get"):
            assert not element.attributes.get(attribute, "").lower().startswith(("javascript:", "data:", "//"))


@EVERY_PAGE
def test_ids_are_unique_and_every_reference_finds_its_element(name: str) -> None:
    elements = list(tree(name).walk())
    ids = [each.attributes["id"] for each in elements if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    for each in elements:
        for attribute in ("for", "aria-labelledby", "aria-describedby", "popovertarget", "data-opens"):
            for target in each.attributes.get(attribute, "").split():
                assert target in ids, f"{attribute}={target}"
        target = each.attributes.get("href", "") if each.tag == "a" else each.attributes.get("hx-target", "")
        if target.startswith("#") and name != "parts":
            assert target[1:] in ids, target


@EVERY_PAGE
def test_headings_never_skip_a_level(name: str) -> None:
    levels = [int(each.tag[1]) for each in tree(name).walk() if re.fullmatch("h[1-6]", each.tag)]
    level = 0
    for following in levels:
        assert following <= level + 1
        level = following


@EVERY_PAGE
def test_every_field_has_a_label_and_every_button_a_word(name: str) -> None:
    root = tree(name)
    labelled = {each.attributes["for"] for each in root.all("label")}
    for field in (*root.all("input"), *root.all("select"), *root.all("textarea")):
        if field.attributes.get("type") != "hidden":
            assert field.attributes["id"] in labelled
    for button in (*root.all("button"), *root.all("a")):
        assert button.text or button.attributes.get("aria-label"), button
        if button.tag == "button":
            assert button.attributes.get("type") in {"submit", "button"}


@EVERY_PAGE
def test_forms_that_change_something_carry_their_tokens(name: str) -> None:
    for form in tree(name).all("form", method="post"):
        hidden = {each.attributes["name"]: each.attributes["value"] for each in form.all("input", type="hidden")}
        assert hidden["csrf_token"] == "made-up-csrf-token"
        if form.has(class_="form"):
            assert hidden["idempotency_key"]
    for form in tree(name).all("form", method="get"):
        assert not form.all("input", name="csrf_token"), "a token must not get into an address"


@EVERY_PAGE
def test_a_state_has_a_word_and_a_shape_and_not_only_a_colour(name: str) -> None:
    for element in tree(name).walk():
        if element.tag in {"span", "a"} and (element.has(class_="state") or element.has(class_="proof")):
            assert element.all("svg"), element.text
            assert element.text


@EVERY_PAGE
def test_nothing_of_python_shows_through(name: str) -> None:
    body = tree(name).all("body")[0]
    assert not re.search(r"Undefined|datetime\.|<Tone|object at 0x|\{\{|\{%", body.text)
    for each in body.walk():
        if "None" in each.content:
            assert each.parent is not None
            assert each.parent.has(class_="state"), "the state of that name is the only None that people see"
        assert "None" not in each.attributes.values()


@EVERY_PAGE
def test_every_table_says_what_it_lists_and_every_cell_its_column(name: str) -> None:
    for table in tree(name).all("table"):
        heads = [head.text for head in table.all("th")]
        assert table.all("caption") or table.has(class_="receipt-lines")
        for row in table.all("tr")[1:]:
            labels = [cell.attributes["data-label"] for cell in row.all("td")]
            assert labels == [head.rstrip(" ↑↓") for head in heads]


@EVERY_PAGE
def test_the_same_page_is_drawn_the_same_again(name: str) -> None:
    assert render(PAGES[name]) == html(name)


def test_a_page_without_a_reader_has_no_rail_and_no_menu() -> None:
    root = tree("sign-in")
    assert not root.all("nav")
    assert not root.all("div", class_="person-menu")


def test_the_environment_is_a_word_on_every_page_except_a_live_buyers() -> None:
    assert tree("today").all("p", class_="environment")[0].text == "Environment: Sandbox"
    assert tree("parts").all("p", class_="environment")[0].text == "Environment: Observing"
    assert tree("home").all("p", class_="environment")[0].text == "Environment: Live"
    assert not tree("landing-new").all("p", class_="environment")


def test_the_rail_says_where_i_am_and_which_key_leads_there() -> None:
    rail = tree("customers").all("nav", class_="rail")[0]
    here = [link for link in rail.all("a") if link.attributes.get("aria-current") == "page"]
    assert [link.text for link in here] == ["Customers"]
    rooms = [link for link in rail.all("a") if "data-palette" not in link.attributes]
    keys = [link.attributes["data-key"] for link in rooms]
    assert len(keys) == len(set(keys)) >= 5


def test_today_puts_what_is_overdue_first() -> None:
    headings = [heading.text for heading in tree("today").all("h2")]
    assert headings[:5] == [
        "Overdue 1",
        "In the next 24 hours 1",
        "Within a week 1",
        "Later 1",
        "Without a date 1",
    ]
    assert tree("today").all("p", class_="sentence")[0].text == "5 things need you; 1 is overdue."


def test_what_needs_a_person_stands_before_anything_else() -> None:
    main = tree("customer-stuck").all("main")[0]
    assert main.all("h2")[1].text.startswith("Needs a person") or main.all("h2")[0].text.startswith("Needs a person")
    assert "At stake: the customer pays since yesterday" in main.text


def test_an_entry_that_waits_promises_no_proof() -> None:
    main = tree("entry-waiting").all("main")[0]
    assert "not yet tamper-evident" in main.text
    assert not main.all("ol", class_="hashes")
    assert tree("entry").all("ol", class_="hashes")


def test_an_erased_entry_shows_no_payload_and_says_so() -> None:
    main = tree("entry-erased").all("main")[0]
    assert not main.all("pre", aria_label="Payload")
    assert "still verifies" in main.text
    assert "Erased" in main.text


def test_a_log_without_a_witness_says_so() -> None:
    assert "Not witnessed" in tree("evidence").all("main")[0].text
    assert "Not witnessed" not in tree("evidence-witnessed").all("main")[0].text


def test_only_a_record_that_waits_is_asked_for_again() -> None:
    assert tree("customer").all("div", id="timeline")[0].attributes["hx-trigger"] == "load delay:2s, again delay:2s"
    assert "hx-get" not in tree("search").all("main")[0].attributes
    assert not [each for each in tree("receipt").walk() if "hx-get" in each.attributes]


def test_scripts_and_styles_come_with_their_digest() -> None:
    for page in map(html, PAGES):
        for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
            assert re.fullmatch(r"/static/[a-z.]+\?v=[0-9a-f]{12}", address)
            assert PurePosixPath(address.partition("?")[0]).suffix in {".js", ".css", ".svg"}
