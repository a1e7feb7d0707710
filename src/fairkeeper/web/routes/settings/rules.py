"""The rule by which plan and seat changes are answered; how the publisher's code is called; Partner Center's values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from fairkeeper.customers.actions.set_change_rule import SetChangeRule, set_change_rule
from fairkeeper.customers.queries import show_change_rule
from fairkeeper.web.format import count, state
from fairkeeper.web.forms import Field, FieldKind, Form, with_answers
from fairkeeper.web.pages.settings import ChangeRuleRow, ChangeRulesPage, PartnerCenterPage, ProvisioningPage
from fairkeeper.web.routes.settings.tabs import tabs
from fairkeeper.web.serving.asking import Refused, new_key, told, try_to
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

_HERE: Final = "/settings/change-rule"
_BOXES: Final = ("refuse_while_not_ready", "refuse_while_blocked")


def show_rule(visit: Visit) -> Response:
    """Show the rule."""
    rule: SetChangeRule = visit.run(show_change_rule)
    return visit.show(_page(visit, rule, None))


def save_rule(visit: Visit) -> Response:
    """Save the rule."""
    form = _form(SetChangeRule())
    try:
        moves = _moves(visit.form.get("moves", ""))
    except ValueError as error:
        again = with_answers(form, visit.form, {"moves": str(error)})
        return visit.show(_page(visit, visit.run(show_change_rule), again), 422)
    typed: dict[str, Any] = {name: visit.form.get(name) == "on" for name in _BOXES}
    for name in ("minimum_seats", "maximum_seats"):
        typed[name] = visit.form.get(name, "").strip() or None
    answered = try_to(visit, set_change_rule, allowed_moves=moves, **typed)
    if isinstance(answered, Refused):
        again = with_answers(form, visit.form, answered.errors, answered.whole)
        return visit.show(_page(visit, visit.run(show_change_rule), again), answered.status)
    return visit.go(told(visit, _HERE))


def show_provisioning(visit: Visit) -> Response:
    """Show how the publisher's own code is called."""
    _refuse_others(visit)
    page = ProvisioningPage(
        frame=frame(visit, "Settings"),
        tabs=tabs(visit, "provisioning"),
        sentence="Set in the environment of the server, so that nobody changes it by a browser.",
        facts=visit.parts.house.provisioning,
    )
    return visit.show(page)


def show_partner_center(visit: Visit) -> Response:
    """Show the values to copy into Partner Center."""
    _refuse_others(visit)
    page = PartnerCenterPage(
        frame=frame(visit, "Settings"),
        tabs=tabs(visit, "partner-center"),
        sentence="Four values for the offer’s Technical configuration.",
        values=visit.parts.house.technical,
    )
    return visit.show(page)


def _refuse_others(visit: Visit) -> None:
    """Ask the rule that stands for the publisher's own configuration."""
    visit.run(show_change_rule)


def _page(visit: Visit, rule: SetChangeRule, form: Form | None) -> ChangeRulesPage:
    rows = tuple(_rows(rule))
    may_change = visit.allows(set_change_rule)
    return ChangeRulesPage(
        frame=frame(visit, "Settings"),
        tabs=tabs(visit, "change-rule"),
        sentence=f"{count(len(rows), 'limit')} set." if rows else "Every change is accepted.",
        rules=rows,
        otherwise="the change is accepted, as Microsoft does when nobody answers.",
        form=(form or _form(rule)) if may_change else None,
    )


def _rows(rule: SetChangeRule) -> list[ChangeRuleRow]:
    refused = state("refused")
    rows = []
    if rule.allowed_moves is not None:
        moves = ", ".join(f"{move.from_plan} to {move.to_plan}" for move in rule.allowed_moves) or "none"
        rows.append(ChangeRuleRow(applies_to="Plan", rule=f"Any move but these: {moves}", answer=refused))
    if rule.minimum_seats is not None:
        rows.append(ChangeRuleRow(applies_to="Seats", rule=f"Fewer than {count(rule.minimum_seats)}", answer=refused))
    if rule.maximum_seats is not None:
        rows.append(ChangeRuleRow(applies_to="Seats", rule=f"More than {count(rule.maximum_seats)}", answer=refused))
    if rule.refuse_while_not_ready:
        rows.append(ChangeRuleRow(applies_to="Any change", rule="While your systems are not ready", answer=refused))
    if rule.refuse_while_blocked:
        rows.append(ChangeRuleRow(applies_to="Any change", rule="While the customer’s use is blocked", answer=refused))
    return rows


def _form(rule: SetChangeRule) -> Form:
    moves = "" if rule.allowed_moves is None else "\n".join(f"{m.from_plan} {m.to_plan}" for m in rule.allowed_moves)

    def seats(name: str, label: str, value: int | None) -> Field:
        text = "" if value is None else str(value)
        return Field(name=name, label=label, kind=FieldKind.NUMBER, value=text, is_required=False, unit="seats")

    def box(name: str, label: str, *, is_on: bool) -> Field:
        value = "on" if is_on else ""
        return Field(name=name, label=label, kind=FieldKind.CHECKBOX, value=value, is_required=False)

    return Form(
        id="change-rule",
        action=_HERE,
        submit="Save the rule",
        idempotency_key=new_key(),
        fields=(
            Field(
                name="moves",
                label="The only moves between plans that are accepted",
                kind=FieldKind.LONG_TEXT,
                value=moves,
                hint="One a line: the plan id before, a space, the plan id after. Empty accepts every move.",
                is_required=False,
            ),
            seats("minimum_seats", "Fewest seats", rule.minimum_seats),
            seats("maximum_seats", "Most seats", rule.maximum_seats),
            box("refuse_while_not_ready", "Refuse while my systems are not ready", is_on=rule.refuse_while_not_ready),
            box("refuse_while_blocked", "Refuse while the customer’s use is blocked", is_on=rule.refuse_while_blocked),
        ),
    )


def _moves(text: str) -> list[Mapping[str, str]] | None:
    """Read the moves as they were typed; none at all means that every move is accepted.

    Raises:
        ValueError: A line is not two plan ids.
    """
    lines = [line.split() for line in text.splitlines() if line.strip()]
    for number, parts in enumerate(lines, start=1):
        if len(parts) != 2:
            raise ValueError(f"Line {number} needs two plan ids with a space between them.")
    return [{"from_plan": before, "to_plan": after} for before, after in lines] or None


WAYS: Final[tuple[Way, ...]] = (
    get(_HERE, show_rule, Audience.STAFF),
    post(_HERE, save_rule, Audience.STAFF),
    get("/settings/provisioning", show_provisioning, Audience.STAFF),
    get("/settings/partner-center", show_partner_center, Audience.STAFF),
)
