"""Where the structure that was stated and what was read of the account differ, and what of it can be taken over.

What people stated stays the truth: nothing is overwritten. Only what is not stated at all can be adopted, and only
where it is plain where it belongs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fairkeeper.accounts.observed.sources import Seen, SeenOffer, SeenPerson, Source
from fairkeeper.accounts.structure.model import Offer, Person, Plan, Structure
from fairkeeper.accounts.structure.roles import role


class DifferenceKind(StrEnum):
    """How the two differ."""

    NOT_STATED = "not_stated"
    NOT_SEEN = "not_seen"
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference.

    Args:
        what: What sort of thing differs.
        subject: Its id or address.
        may_adopt: Whether it can be taken over as it is.
    """

    kind: DifferenceKind
    what: str
    subject: str
    source: Source
    stated: str | None = None
    seen: str | None = None
    may_adopt: bool = False


def differences(structure: Structure, seen: Mapping[Source, Seen]) -> Sequence[Difference]:
    """Return every difference, by source."""
    found: list[Difference] = []
    for source, what in seen.items():
        if what.company is not None:
            found += _company(structure, what.company, source)
        if what.people is not None:
            found += _people(structure, what.people, source)
        if what.partner_ids is not None:
            found += _partner_ids(structure, what, source)
        if what.offers is not None:
            found += _offers(structure, what.offers, source)
    return tuple(found)


def adopt(structure: Structure, seen: Mapping[Source, Seen]) -> tuple[Structure, int]:
    """Return the structure with everything added that may be, and how many things that were."""
    wanted = {(each.what, each.subject) for each in differences(structure, seen) if each.may_adopt}
    people = [
        Person(name=each.name, email=each.email, roles=each.roles, publisher_roles=each.publisher_roles)
        for what in seen.values()
        for each in what.people or ()
        if ("person", each.email) in wanted
    ]
    offers = {each.id: each for what in seen.values() for each in what.offers or ()}
    publishers = []
    for number, publisher in enumerate(structure.publishers):
        kept = [_with_plans(offer, offers.get(offer.id), wanted) for offer in publisher.offers]
        if number == 0:
            kept += [_offer(each) for each in offers.values() if ("offer", each.id) in wanted]
        publishers.append(publisher.model_copy(update={"offers": kept}))
    made = structure.model_copy(update={"people": [*structure.people, *people], "publishers": publishers})
    return made, len(wanted)


def _company(structure: Structure, company: str, source: Source) -> Iterator[Difference]:
    stated = structure.global_account.legal_name if structure.global_account else structure.company
    if " ".join(stated.split()) != " ".join(company.split()):
        yield Difference(
            kind=DifferenceKind.DIFFERS,
            what="legal name",
            subject=stated,
            source=source,
            stated=stated,
            seen=company,
        )


def _people(structure: Structure, people: Sequence[SeenPerson], source: Source) -> Iterator[Difference]:
    stated = {person.email.lower(): person for person in structure.people}
    seen = {person.email.lower(): person for person in people}
    for email, person in seen.items():
        if email not in stated:
            yield Difference(
                kind=DifferenceKind.NOT_STATED,
                what="person",
                subject=person.email,
                source=source,
                seen=_roles_seen(person),
                may_adopt=True,
            )
        elif (told := _roles(stated[email])) != (shown := _roles_seen(person)):
            yield Difference(
                kind=DifferenceKind.DIFFERS, what="roles", subject=email, source=source, stated=told, seen=shown
            )
    for email, known in stated.items():
        if known.has_access and email not in seen:
            yield Difference(
                kind=DifferenceKind.NOT_SEEN, what="person", subject=email, source=source, stated=_roles(known)
            )


def _partner_ids(structure: Structure, what: Seen, source: Source) -> Iterator[Difference]:
    stated = {location.partner_id: location.name for location in structure.locations}
    if structure.global_account is not None:
        stated[structure.global_account.partner_id] = structure.global_account.legal_name
    seen = {each.id: each.name for each in what.partner_ids or ()}
    for partner_id in seen.keys() - stated.keys():
        yield Difference(
            kind=DifferenceKind.NOT_STATED, what="PartnerID", subject=partner_id, source=source, seen=seen[partner_id]
        )
    for partner_id in stated.keys() - seen.keys():
        yield Difference(
            kind=DifferenceKind.NOT_SEEN, what="PartnerID", subject=partner_id, source=source, stated=stated[partner_id]
        )


def _offers(structure: Structure, offers: Sequence[SeenOffer], source: Source) -> Iterator[Difference]:
    stated = {offer.id: offer for _, _, offer in structure.offers()}
    seen = {offer.id: offer for offer in offers}
    has_one_publisher = len(structure.publishers) == 1
    for offer_id, shown in seen.items():
        if offer_id not in stated:
            yield Difference(
                kind=DifferenceKind.NOT_STATED,
                what="offer",
                subject=offer_id,
                source=source,
                seen=shown.name or offer_id,
                may_adopt=has_one_publisher,
            )
            continue
        known = stated[offer_id]
        if shown.name and known.name and shown.name != known.name:
            yield Difference(
                kind=DifferenceKind.DIFFERS,
                what="offer's name",
                subject=offer_id,
                source=source,
                stated=known.name,
                seen=shown.name,
            )
        yield from _plans(known, shown, source)
    for offer_id, known in stated.items():
        if offer_id not in seen and known.life in {"live", "draft"}:
            yield Difference(
                kind=DifferenceKind.NOT_SEEN, what="offer", subject=offer_id, source=source, stated=known.name
            )


def _plans(known: Offer, shown: SeenOffer, source: Source) -> Iterator[Difference]:
    stated, seen = {plan.id: plan for plan in known.plans}, {plan.id: plan for plan in shown.plans}
    for plan_id in seen.keys() - stated.keys():
        yield Difference(
            kind=DifferenceKind.NOT_STATED,
            what="plan",
            subject=f"{known.id}/{plan_id}",
            source=source,
            seen=seen[plan_id].name or plan_id,
            may_adopt=True,
        )
    for plan_id, plan in stated.items():
        if plan_id not in seen and plan.life in {"live", "draft"}:
            yield Difference(
                kind=DifferenceKind.NOT_SEEN,
                what="plan",
                subject=f"{known.id}/{plan_id}",
                source=source,
                stated=plan.name or plan_id,
            )


def _with_plans(offer: Offer, shown: SeenOffer | None, wanted: set[tuple[str, str]]) -> Offer:
    if shown is None:
        return offer
    added = [Plan(id=p.id, name=p.name) for p in shown.plans if ("plan", f"{offer.id}/{p.id}") in wanted]
    return offer.model_copy(update={"plans": [*offer.plans, *added]}) if added else offer


def _offer(shown: SeenOffer) -> Offer:
    kind = "saas" if shown.kind in {"", "softwareAsAService"} else shown.kind
    plans = [Plan(id=plan.id, name=plan.name) for plan in shown.plans]
    return Offer(id=shown.id, name=shown.name, kind=kind, plans=plans)


def _roles(person: Person) -> str:
    held = [*person.roles, *(f"{name} of {of}" for of, names in person.publisher_roles.items() for name in names)]
    return ", ".join(sorted({_canonical(each) for each in held})) or "no roles"


def _roles_seen(person: SeenPerson) -> str:
    held = [*person.roles, *(f"{name} of {of}" for of, names in person.publisher_roles.items() for name in names)]
    return ", ".join(sorted({_canonical(each) for each in held})) or "no roles"


def _canonical(held: str) -> str:
    name, separator, of = held.partition(" of ")
    known = role(name)
    return f"{known.name if known else name}{separator}{of}"
