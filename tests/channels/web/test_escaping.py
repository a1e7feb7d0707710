"""Whatever text gets into a page stays text: every string of every page is replaced by markup, which must not live."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError

from fairkeeper.errors import BugError
from fairkeeper.web.parts import Identifier, Path, PathStep, Standing
from fairkeeper.web.preview.frames import frame
from fairkeeper.web.preview.pages import preview_pages
from fairkeeper.web.rendering import environment, kind_of, render
from tests.channels.web.markup import read
from tests.channels.web.texts import with_every_text

HOSTILE = "\"'><img src=x onerror=alert(1)></textarea></code><script>alert(1)</script>{{ 7 * 7 }}&amp;"
PAGES = preview_pages()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_no_text_of_a_page_becomes_markup(name: str) -> None:
    html = render(with_every_text(PAGES[name], HOSTILE))
    root = read(html)
    plain = read(render(PAGES[name]))
    assert len(root.all("img")) == len(plain.all("img"))
    assert len(root.all("script")) == len(plain.all("script"))
    assert not [each for each in root.walk() if any(key.startswith("on") for key in each.attributes)]
    assert HOSTILE in root.text, "the text itself is shown, neither dropped nor evaluated"


def test_a_typo_in_a_template_is_an_error_and_not_an_empty_place() -> None:
    template = environment().from_string("{{ page.titel }}")
    with pytest.raises(UndefinedError, match="titel"):
        template.render(page=frame())


def test_an_id_is_whole_for_copying_and_for_the_screen_reader() -> None:
    macro = environment().get_template("parts/values.html").module.id  # type: ignore[attr-defined]
    identifier = Identifier(text="cus_01JD4Y7M2N8Q5R9S3T6V0WXYZ1", names="customer id")
    root = read(str(macro(identifier)))
    assert root.all("button")[0].attributes["data-copy"] == identifier.text
    assert root.all("button")[0].text == "Copy customer id"
    assert root.all("span", class_="id-full")[0].text == identifier.text
    assert root.all("span", class_="id-short")[0].attributes["aria-hidden"] == "true"


def test_a_path_names_the_first_open_step_next_and_those_after_it_later() -> None:
    steps = [PathStep(standing=Standing.DONE), PathStep(standing=Standing.SKIPPED), PathStep(standing=Standing.NOW)]
    path = Path(steps=(*steps, *(PathStep(standing=Standing.NEXT) for _ in range(3))))
    assert [place.word for place in path.places] == ["Done", "Not needed", "Now", "Next", "Later", "Later"]
    assert [place.is_passed for place in path.places] == [True, True, False, False, False, False]


def test_a_path_of_five_steps_is_refused() -> None:
    with pytest.raises(ValueError, match="6 steps, not 5"):
        Path(steps=(PathStep(standing=Standing.NEXT),) * 5)


def test_a_value_that_no_part_shows_is_refused() -> None:
    with pytest.raises(BugError, match="bool"):
        kind_of(value=True)
