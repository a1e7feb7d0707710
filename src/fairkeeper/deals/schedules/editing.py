"""Changes to a schedule that keep the total, or say by how much it moved.

Every edit returns a new schedule; the given one stays, so that two alternatives can stand side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from fairkeeper.deals.deal import Charge
from fairkeeper.deals.errors import EditRefusedError
from fairkeeper.values.money import Money
from fairkeeper.values.period import Duration

Charges = tuple[Charge, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A schedule after an edit.

    Args:
        moved_by: By how much the total changed; zero where it was kept.
    """

    charges: Charges
    moved_by: Money


def set_amount(charges: Sequence[Charge], line: int, amount: Money, *, keep_total: bool) -> Edited:
    """Change one line's amount.

    Args:
        charges: The schedule.
        line: Which, counted from 0.
        amount: The new one.
        keep_total: Whether the other lines make up for it: the later ones in proportion to their amounts, or the
            earlier ones where there are none later.

    Raises:
        EditRefusedError: There is no such line, or the others would have to fall below zero.
    """
    _check_line(charges, line)
    changed = [*charges]
    changed[line] = replace(charges[line], amount=amount)
    if not keep_total:
        return _edited(charges, changed)
    later = [number for number in range(line + 1, len(charges)) if charges[number].amount]
    earlier = [number for number in range(line) if charges[number].amount]
    return _edited(charges, _made_up(changed, later or earlier, _total(charges) - _total(changed)))


def remove_line(charges: Sequence[Charge], line: int, *, keep_total: bool) -> Edited:
    """Take a dated line out; its amount goes to the others in proportion where the total is kept.

    Raises:
        EditRefusedError: It is the charge at the start, or there is no such line.
    """
    _check_line(charges, line)
    if charges[line].on is None:
        raise EditRefusedError("The charge at the start cannot be removed; set it to zero.")
    left = [charge for number, charge in enumerate(charges) if number != line]
    if not keep_total:
        return _edited(charges, left)
    others = [number for number, charge in enumerate(left) if charge.amount]
    return _edited(charges, _made_up(left, others, charges[line].amount))


def add_line(charges: Sequence[Charge], added: Charge, *, keep_total: bool) -> Edited:
    """Put a dated line where its date belongs; the others give up its amount where the total is kept.

    Raises:
        EditRefusedError: It has no date, the date is taken, or the others are too small.
    """
    if added.on is None or any(charge.on == added.on for charge in charges):
        message = f"A line for {added.on or 'the start'} cannot be added."
        raise EditRefusedError(message)
    changed = sorted([*charges, added], key=lambda charge: charge.on or date.min)
    if not keep_total:
        return _edited(charges, changed)
    others = [number for number, charge in enumerate(changed) if charge is not added and charge.amount]
    return _edited(charges, _made_up(changed, others, -added.amount))


def shift(charges: Sequence[Charge], months: int) -> Edited:
    """Move every dated line later by whole months; each is counted from its own date."""
    moved = [
        replace(charge, on=Duration(months=months).after(charge.on)) if charge.on else charge for charge in charges
    ]
    return _edited(charges, moved)


def _made_up(charges: Sequence[Charge], lines: Sequence[int], missing: Money) -> list[Charge]:
    """Return a schedule in which some lines take up what is missing, in proportion to their amounts."""
    if not missing:
        return [*charges]
    if not lines:
        raise EditRefusedError("No other line could make up for the change.")
    amounts = [charges[line].amount for line in lines]
    wanted = Money.sum(amounts, missing.currency) + missing
    if wanted.minor < 0:
        message = f"The other lines would have to fall {-wanted} below zero."
        raise EditRefusedError(message)
    shared = wanted.allocate([amount.minor for amount in amounts])
    made_up = [*charges]
    for line, amount in zip(lines, shared, strict=True):
        made_up[line] = replace(charges[line], amount=amount)
    return made_up


def _check_line(charges: Sequence[Charge], line: int) -> None:
    if not 0 <= line < len(charges):
        message = f"There is no line {line + 1} of {len(charges)}."
        raise EditRefusedError(message)


def _edited(before: Sequence[Charge], after: Iterable[Charge]) -> Edited:
    charges = tuple(after)
    moved_by = _total(charges) - _total(before) if charges else -_total(before)
    return Edited(charges=charges, moved_by=moved_by)


def _total(charges: Sequence[Charge]) -> Money:
    return Money.sum((charge.amount for charge in charges), charges[0].amount.currency)
