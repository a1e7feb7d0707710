"""How the landing page looks and what it asks: for everything, for an offer, for a plan; and the logo."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from fairkeeper.customers.actions.landing.looks import (
    LookLine,
    LookShown,
    list_landing_looks,
    set_landing_logo,
    set_landing_look,
    show_landing_look,
)
from fairkeeper.customers.path.landing_look import LandingLook, LookField, read_fields, written_field
from fairkeeper.web.addresses import Address
from fairkeeper.web.format import count
from fairkeeper.web.forms import Field, FieldKind, Form, with_answers
from fairkeeper.web.listing import Column, Listing
from fairkeeper.web.pages.settings import LandingLookPage, LandingLooksPage, LookRow
from fairkeeper.web.parts import Empty, Fact, Link, Logo
from fairkeeper.web.routes.settings.tabs import tabs
from fairkeeper.web.serving.asking import Refused, new_key, told, try_to
from fairkeeper.web.serving.exports import Sheet, export_links, export_ways, sheet_of_rows
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

_HERE: Final = "/settings/landing"
_LEVEL: Final = f"{_HERE}/level"
_LINKS: Final = (("support_url", "support"), ("terms_url", "terms"), ("privacy_url", "privacy"))


def show(visit: Visit) -> Response:
    """Show what is said on each level, and the logo."""
    return visit.show(_page(visit))


def sheet_of_looks(visit: Visit) -> Sheet:
    """Return what is said on each level as a sheet."""
    return sheet_of_rows("landing", LookRow, _rows(visit.run(list_landing_looks)))


def open_level(visit: Visit) -> Response:
    """Go to the form of a level."""
    given = {name: visit.form.get(name, "").strip()[:120] for name in ("offer", "plan")}
    return visit.go(f"{_LEVEL}?{urlencode(given)}")


def show_level(visit: Visit) -> Response:
    """Show what is said on one level, to be changed."""
    offer, plan = visit.query("offer")[:120], visit.query("plan")[:120]
    looks: tuple[LookLine, ...] = visit.run(list_landing_looks)
    look = next((each.look for each in looks if (each.offer, each.plan) == (offer, plan)), LandingLook())
    return visit.show(_level_page(visit, _level_form(offer, plan, look), offer, plan))


def save_level(visit: Visit) -> Response:
    """Save what is said on one level."""
    offer, plan = visit.form.get("offer", "")[:120], visit.form.get("plan", "")[:120]
    form = _level_form(offer, plan, LandingLook())
    try:
        fields = read_fields(visit.form.get("fields", ""))
    except ValueError as error:
        again = with_answers(form, visit.form, {"fields": str(error)})
        return visit.show(_level_page(visit, again, offer, plan), 422)
    typed: dict[str, Any] = {
        each.name: visit.form.get(each.name, "").strip() for each in form.fields if each.name != "fields"
    }
    typed["fields"] = [_stated(each) for each in fields]
    answered = try_to(visit, set_landing_look, offer=offer, plan=plan, **typed)
    if isinstance(answered, Refused):
        again = with_answers(form, visit.form, answered.errors, answered.whole)
        return visit.show(_level_page(visit, again, offer, plan), answered.status)
    return visit.go(told(visit, _HERE))


def save_logo(visit: Visit) -> Response:
    """Set the logo, or take it away where no file was chosen."""
    answered = try_to(visit, set_landing_logo, content=visit.form.get("content", ""))
    if isinstance(answered, Refused):
        again = with_answers(_logo_form(), visit.form, answered.errors, answered.whole)
        return visit.show(_page(visit, again), answered.status)
    return visit.go(told(visit, _HERE))


def _page(visit: Visit, set_logo: Form | None = None) -> LandingLooksPage:
    looks: tuple[LookLine, ...] = visit.run(list_landing_looks)
    shown: LookShown = visit.run_as_system("console", show_landing_look)
    may_change = visit.allows(set_landing_look)
    fields = sum(len(each.look.fields) for each in looks)
    return LandingLooksPage(
        frame=frame(visit, "Settings"),
        tabs=tabs(visit, "landing"),
        sentence=f"Buyers are asked {count(fields, 'question')}; said on {count(len(looks), 'level')}."
        if looks
        else "Buyers see your name, what they bought, and no question.",
        looks=_listing(looks),
        logo=Logo(digest=bytes.fromhex(shown.logo[:16])) if shown.logo else None,
        set_logo=(set_logo or _logo_form()) if may_change else None,
        add=_add_form() if may_change else None,
    )


def _stated(field: LookField) -> dict[str, Any]:
    return {
        "name": field.name,
        "label": field.label,
        "type": field.type.value,
        "required": field.is_required,
        "hint": field.hint,
        "choices": list(field.choices),
    }


def _level_page(visit: Visit, form: Form, offer: str, plan: str) -> LandingLookPage:
    may_change = visit.allows(set_landing_look)
    return LandingLookPage(
        frame=frame(visit, "Settings"),
        trail=(Link(label="Landing page", href=_HERE),),
        tabs=tabs(visit, "landing"),
        sentence=f"For {_name(offer, plan)}; what is empty is taken from the level above.",
        form=form if may_change else None,
        facts=() if may_change else tuple(Fact(label=each.label, value=each.value or None) for each in form.fields),
    )


def _name(offer: str, plan: str) -> str:
    if not offer:
        return "everything"
    return f"the plan {plan} of {offer}" if plan else f"all plans of {offer}"


def _rows(looks: tuple[LookLine, ...]) -> Iterator[LookRow]:
    for line in looks:
        where = urlencode({"offer": line.offer, "plan": line.plan})
        name = _name(line.offer, line.plan)
        yield LookRow(
            level=Link(label=name[:1].upper() + name[1:], href=f"{_LEVEL}?{where}"),
            product_name=line.look.product_name,
            links=", ".join(word for part, word in _LINKS if getattr(line.look, part)),
            fields=", ".join(field.label for field in line.look.fields),
        )


def _listing(looks: tuple[LookLine, ...]) -> Listing[LookRow]:
    return Listing(
        id="looks",
        caption="Landing page",
        columns=(Column(label="For"), Column(label="Product"), Column(label="Links"), Column(label="Fields")),
        rows=tuple(_rows(looks)),
        empty=Empty(
            title="Nothing is said yet",
            text="Say for everything where buyers get help and find your terms; ask them what you need to set it up.",
            action=Link(label="Say it for everything", href=_LEVEL),
        ),
        address=Address(_HERE),
        exports=export_links(Address(_HERE)),
    )


def _add_form() -> Form:
    fields = (
        Field(name="offer", label="Offer id", is_required=False, hint="Empty for everything.", autocomplete="off"),
        Field(name="plan", label="Plan id", is_required=False, hint="Empty for all plans.", autocomplete="off"),
    )
    return Form(id="add-level", action=f"{_LEVEL}/open", submit="Go on", idempotency_key=new_key(), fields=fields)


def _logo_form() -> Form:
    field = Field(
        name="content",
        label="Picture",
        kind=FieldKind.FILE,
        hint="PNG, JPEG or WebP of at most 200 kB. Without a file the logo is taken away.",
        is_required=False,
    )
    return Form(id="logo", action=f"{_HERE}/logo", submit="Set the logo", idempotency_key=new_key(), fields=(field,))


def _level_form(offer: str, plan: str, look: LandingLook) -> Form:
    def text(name: str, label: str, hint: str = "", kind: FieldKind = FieldKind.TEXT) -> Field:
        return Field(name=name, label=label, value=getattr(look, name), hint=hint, kind=kind, is_required=False)

    return Form(
        id="landing-level",
        action=_LEVEL,
        submit="Save",
        idempotency_key=new_key(),
        hidden=(("offer", offer), ("plan", plan)),
        cancel=Link(label="Go back", href=_HERE),
        fields=(
            text("product_name", "Product name"),
            text("welcome", "Welcome", "A sentence above what was bought.", FieldKind.LONG_TEXT),
            text("support_url", "Support", "An https address, or mailto: and an address."),
            text("terms_url", "Terms of use", "An https address."),
            text("privacy_url", "Privacy statement", "An https address."),
            Field(
                name="fields",
                label="Fields",
                kind=FieldKind.LONG_TEXT,
                value="\n".join(written_field(each) for each in look.fields),
                hint="One a line: name | label | text, long_text, email, number or choice | required or optional | "
                "choices by commas | hint. Only the name and the label are needed.",
                is_required=False,
            ),
        ),
    )


WAYS: Final[tuple[Way, ...]] = (
    get(_HERE, show, Audience.STAFF),
    get(_LEVEL, show_level, Audience.STAFF),
    post(_LEVEL, save_level, Audience.STAFF),
    post(f"{_LEVEL}/open", open_level, Audience.STAFF),
    post(f"{_HERE}/logo", save_logo, Audience.STAFF),
    *export_ways(_HERE, sheet_of_looks, Audience.STAFF),
)
