"""Reads a deal from its file: every fault with its line, and as much of the deal as the faults leave.

A fault in one plan leaves the others readable, so that their rules are checked in the same run. A text is read once;
nothing is fetched and nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from pydantic import ValidationError

from fairkeeper.deals.deal import (
    BasePlan,
    Billing,
    ChannelPartner,
    Charge,
    Customer,
    Deal,
    Eligibility,
    LocalPrice,
    Plan,
    RenewalAttestation,
    ReplacedOffer,
    Reseller,
    TermsDocument,
)
from fairkeeper.deals.files.document import Document, Place, read_document
from fairkeeper.deals.files.kinds import (
    AMOUNT_NOT_TEXT,
    AMOUNT_UNREADABLE,
    CURRENCY_PRECISION,
    CURRENCY_UNKNOWN,
    DATE_UNREADABLE,
    MISSING_KEY,
    PERCENTAGE_UNREADABLE,
    UNKNOWN_KEY,
    UNKNOWN_WORD,
    WRONG_TYPE,
)
from fairkeeper.deals.files.shapes import (
    AT_START,
    AmountText,
    ChargeShape,
    DealShape,
    LocalPriceShape,
    PlanShape,
    Shape,
)
from fairkeeper.deals.prices.percentage import Percentage, PercentageRefusedError
from fairkeeper.values.currencies import CURRENCIES, Currency
from fairkeeper.values.errors import AmountRefusedError
from fairkeeper.values.findings import Finding, FindingKind, Findings
from fairkeeper.values.money import Money

ROOT_KEY: Final = "private_offer"
_KINDS: Final[Mapping[str, FindingKind]] = {
    "missing": MISSING_KEY,
    "extra_forbidden": UNKNOWN_KEY,
    "enum": UNKNOWN_WORD,
    "literal_error": UNKNOWN_WORD,
    "date": DATE_UNREADABLE,
    "amount": AMOUNT_UNREADABLE,
    "amount_not_text": AMOUNT_NOT_TEXT,
    "percentage": PERCENTAGE_UNREADABLE,
}
"""Which finding a refusal of pydantic's becomes; any other is a value of the wrong type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read.

    Args:
        deal: The deal with every plan that could be read; None where its own fields could not.
        plan_numbers: Where each plan of the deal stands in the file, counted from 0.
        is_whole: Whether nothing was left out.
        findings: The faults of the file.
        lines: The line of each path, counted from 1; empty for JSON.
    """

    deal: Deal | None
    plan_numbers: tuple[int, ...]
    is_whole: bool
    findings: Findings
    lines: Mapping[str, int]

    def line_of(self, path: str | None) -> int | None:
        """Return the line of a path, or of the nearest part around it."""
        while path:
            if (line := self.lines.get(path)) is not None:
                return line
            path = path.rpartition("/")[0]
        return None


def read_deal(text: str, *, file: str | None = None) -> Reading:
    """Read a deal from a YAML or JSON text.

    Example:
        >>> reading = read_deal("private_offer: {kind: customer}")
        >>> reading.deal is None, {finding.code for finding in reading.findings}
        (True, {'deals.missing_key'})
    """
    document = read_document(text)
    reader = _Reader(document=document)
    deal, numbers, is_whole = reader.read()
    lines = {_path(place): line for place, line in document.lines.items() if place[:1] == (ROOT_KEY,)}
    reading = Reading(
        deal=deal, plan_numbers=numbers, is_whole=is_whole, findings=Findings.of(reader.found), lines=lines
    )
    return _with_lines(reading, file)


def _with_lines(reading: Reading, file: str | None) -> Reading:
    located = [
        replace(finding, file=file, row=finding.row or reading.line_of(finding.path)) for finding in reading.findings
    ]
    return replace(reading, findings=Findings.of(located))


def _path(place: Place) -> str:
    """Write a place as findings name it, without the root that every place has."""
    return "/".join(str(step) for step in (place[1:] if place[:1] == (ROOT_KEY,) else place))


@dataclass(slots=True)
class _Reader:
    """Turns one document into a deal and collects what is wrong with it."""

    document: Document
    found: list[Finding] = field(default_factory=list)

    def read(self) -> tuple[Deal | None, tuple[int, ...], bool]:
        self.found.extend(self.document.findings)
        root = self.document.value
        if any(finding.code.endswith(("unreadable", "duplicate_key")) for finding in self.found):
            return None, (), False
        if not isinstance(root, dict):
            self.found.append(WRONG_TYPE.found("The file is not a mapping with the key private_offer."))
            return None, (), False
        for key in root:
            if key != ROOT_KEY:
                self.found.append(UNKNOWN_KEY.found(f"The key {key!r} is not known.", path=key))
        if ROOT_KEY not in root:
            self.found.append(MISSING_KEY.found("The key private_offer is missing."))
            return None, (), False
        shape = self._shape(DealShape, root[ROOT_KEY], "")
        raw_plans = shape.plans if shape else _list_at(root[ROOT_KEY], "plans")
        plans = [self._shape(PlanShape, raw, f"plans/{number}") for number, raw in enumerate(raw_plans)]
        if shape is None:
            return None, (), False
        currency = self._currency(shape.currency, "currency")
        rates = self._rates(shape)
        if currency is None or rates is None:
            return None, (), False
        read = [
            (number, plan)
            for number, plan_shape in enumerate(plans)
            if plan_shape and (plan := self._plan(plan_shape, currency, f"plans/{number}"))
        ]
        deal = _deal(shape, currency, rates, tuple(plan for _, plan in read))
        return deal, tuple(number for number, _ in read), not self.found

    def _shape(self, model: type[Any], value: Any, path: str) -> Any:
        try:
            return model.model_validate(value)
        except ValidationError as error:
            for fault in error.errors(include_url=False, include_context=True, include_input=False):
                self._report(fault, path)
            return None

    def _report(self, fault: Mapping[str, Any], path: str) -> None:
        kind = _KINDS.get(fault["type"], WRONG_TYPE)
        where = "/".join([*([path] if path else []), *map(str, fault["loc"])])
        key = where.rpartition("/")[2]
        message = {
            "missing": f"The key {key!r} is missing.",
            "extra_forbidden": f"The key {key!r} is not known here.",
        }.get(fault["type"], f"{key}: {_lower(fault['msg'])}.")
        self.found.append(kind.found(message, path=where or None))

    def _currency(self, code: str, path: str) -> Currency | None:
        if code in CURRENCIES:
            return CURRENCIES[code]
        self.found.append(CURRENCY_UNKNOWN.found(f"No currency has the code {code!r}.", path=path))
        return None

    def _rates(self, shape: DealShape) -> tuple[tuple[str, Decimal], ...] | None:
        before = len(self.found)
        for code in shape.usd_rates:
            self._currency(code, f"usd_rates/{code}")
        rates = tuple((code, Decimal(rate)) for code, rate in shape.usd_rates.items())
        return rates if len(self.found) == before else None

    def _plan(self, shape: PlanShape, currency: Currency, path: str) -> Plan | None:
        before = len(self.found)
        plan = Plan(
            offer=shape.offer,
            plan=shape.plan,
            new_plan=shape.new_plan,
            new_plan_name=shape.new_plan_name,
            price_model=shape.price_model,
            term_months=shape.term_months,
            agreed_total=self._money(shape.agreed_total, currency, f"{path}/agreed_total"),
            discount=self._percentage(shape.discount_percent, f"{path}/discount_percent"),
            schedule=tuple(
                self._charge(charge, currency, f"{path}/schedule/{number}")
                for number, charge in enumerate(shape.schedule)
            ),
            billing=None
            if shape.billing is None
            else Billing(
                frequency=shape.billing.frequency,
                amount=self._exact(shape.billing.amount, currency, f"{path}/billing/amount"),
            ),
            local_prices=tuple(
                local
                for number, price in enumerate(shape.local_prices)
                if (local := self._local_price(price, f"{path}/local_prices/{number}"))
            ),
            adjustment=self._percentage(shape.adjustment_percent, f"{path}/adjustment_percent"),
            customer_total=self._money(shape.customer_total, currency, f"{path}/customer_total"),
            note=shape.note,
            base=BasePlan(**_fields(shape.base) | {"terms_months": tuple(shape.base.terms_months)}),
        )
        return plan if len(self.found) == before else None

    def _charge(self, shape: ChargeShape, currency: Currency, path: str) -> Charge:
        if shape.charge is not None and shape.charge != AT_START:
            self.found.append(UNKNOWN_WORD.found(f"charge: {shape.charge!r} is not at_start.", path=f"{path}/charge"))
        elif (shape.charge is None) == (shape.on is None):
            message = "A line of a schedule has either `charge: at_start` or `on:` with a date."
            self.found.append(MISSING_KEY.found(message, path=path))
        return Charge(on=shape.on, amount=self._exact(shape.amount, currency, f"{path}/amount"), note=shape.note)

    def _local_price(self, shape: LocalPriceShape, path: str) -> LocalPrice | None:
        currency = self._currency(shape.currency, f"{path}/currency")
        if currency is None:
            return None
        return LocalPrice(
            currency=currency,
            markets=tuple(shape.markets),
            amounts=tuple(
                self._exact(text, currency, f"{path}/amounts/{number}") for number, text in enumerate(shape.amounts)
            ),
            agreed_total=self._money(shape.agreed_total, currency, f"{path}/agreed_total"),
        )

    def _money(self, text: AmountText | None, currency: Currency, path: str) -> Money | None:
        return None if text is None else self._exact(text, currency, path)

    def _exact(self, text: AmountText, currency: Currency, path: str) -> Money:
        try:
            return Money.from_decimal_text(text, currency)
        except AmountRefusedError as error:  # its form was judged before, so it has too many decimals
            self.found.append(CURRENCY_PRECISION.found(error.message, path=path))
            return Money.zero(currency)

    def _percentage(self, text: str | None, path: str) -> Percentage | None:
        try:
            return None if text is None else Percentage.parse(text)
        except PercentageRefusedError as error:
            self.found.append(PERCENTAGE_UNREADABLE.found(error.message, path=path))
            return None


def _deal(
    shape: DealShape, currency: Currency, rates: tuple[tuple[str, Decimal], ...], plans: tuple[Plan, ...]
) -> Deal:
    return Deal(
        name=shape.name,
        kind=shape.kind,
        pricing=shape.pricing,
        currency=currency,
        accept_by=shape.accept_by,
        billing_starts=shape.billing_starts,
        ends=shape.ends,
        plans=plans,
        customer=Customer(**_fields(shape.customer)) if shape.customer else None,
        resellers=tuple(Reseller(**_fields(reseller)) for reseller in shape.resellers),
        partner=ChannelPartner(**_fields(shape.partner)) if shape.partner else None,
        prepared_by=shape.prepared_by,
        contacts=tuple(shape.contacts),
        terms=tuple(TermsDocument(**_fields(document)) for document in shape.terms),
        eligibility=Eligibility(**_fields(shape.eligibility)),
        renewal_attestation=RenewalAttestation(**_fields(shape.renewal_attestation))
        if shape.renewal_attestation
        else None,
        replaces=ReplacedOffer(**_fields(shape.replaces)) if shape.replaces else None,
        auto_renew=shape.auto_renew,
        usd_rates=rates,
        existing_plan_ids=tuple(shape.existing_plan_ids),
    )


def _fields(shape: Shape) -> dict[str, Any]:
    return {name: getattr(shape, name) for name in type(shape).model_fields}


def _list_at(value: Any, key: str) -> list[Any]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")
