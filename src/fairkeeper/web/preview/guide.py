"""The first-run guide, made up: a step that has to be mended, and what an owner sees before anything is connected."""

from __future__ import annotations

from fairkeeper.web.format import state
from fairkeeper.web.forms import Form
from fairkeeper.web.pages.base import Page
from fairkeeper.web.pages.guide import GuideMark, GuidePage
from fairkeeper.web.pages.today import GuideStep, GuideSummary, Hit, PaletteGroup, PalettePage, TodayPage
from fairkeeper.web.parts import Fact, Identifier, Link
from fairkeeper.web.preview.frames import CONTOSO, frame

_STEPS = (
    ("Name your tenant", "works"),
    ("Register the service application", "works"),
    ("Register the sign-in application", "unchecked"),
    ("Copy four values into Partner Center", "to_mend"),
    ("Let Microsoft and buyers reach this server", "not_set"),
    ("Let deadlines leave the console", "skipped"),
)


def guide_pages() -> dict[str, Page]:
    """Return a step of the guide, the house before anything is connected, and the palette as a page."""
    summary = GuideSummary(
        way=Link(label="Connect a publisher: step 3 of 6", href="/guide.html"),
        finished=3,
        steps=tuple(GuideStep(way=Link(label=title, href="/guide.html"), state=state(how)) for title, how in _STEPS),
    )
    groups = (
        PaletteGroup(name="Pages", hits=(Hit(kind="", link=CONTOSO, line=""),)),
        PaletteGroup(name="Found", hits=(Hit(kind="Customer", link=CONTOSO, line="tenant 0b000001"),)),
    )
    return {
        "guide": _step(),
        "today-unconnected": TodayPage(frame=frame("Today"), guide=summary),
        "palette": PalettePage(frame=frame(), query="contoso", groups=groups),
        "palette-nothing": PalettePage(frame=frame(), query="wingtip"),
    }


def _step() -> GuidePage:
    landing = "https://fairkeeper.fairmile.example/marketplace/landing"
    here = "/guide/technical-configuration"
    return GuidePage(
        frame=frame("Settings"),
        trail=(Link(label="Connections", href="/settings-connections.html"),),
        name="Copy four values into Partner Center",
        number=4,
        of=len(_STEPS),
        where="Partner Center",
        does=(
            "Marketplace offers, your SaaS offer, Technical configuration.",
            "Paste the values that stand below, exactly as they stand.",
        ),
        settings=("FAIRKEEPER_FULFILLMENT_APP_ID",),
        state=state("to_mend"),
        told=(),
        todo=("The marketplace answered 403. Correct the pair of tenant and application.",),
        values=(
            Fact(
                label="Landing page URL",
                value=Identifier(text=landing, names="landing page url", is_whole=True),
                note="Buyers come here.",
            ),
        ),
        marks=tuple(
            GuideMark(number=at, way=Link(label=title, href="/guide.html"), state=state(how), is_here=at == 4)
            for at, (title, how) in enumerate(_STEPS, 1)
        ),
        is_under_way=False,
        looked="Last looked at 22 Nov 2026, 08:30 UTC.",
        check=Form(id="guide-check", action=f"{here}/check", submit="Check this step", idempotency_key="web_g"),
        before=Link(label=_STEPS[2][0], href="/guide.html"),
        after=Link(label=_STEPS[4][0], href="/guide.html"),
    )
