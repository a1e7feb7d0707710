"""Who may sign in, and with which roles; a customer's administrator sees and changes its own company's people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from starlette.responses import Response

from fairkeeper.access.actions.invitations import (
    INVITATION_MAIL,
    Invitation,
    InvitationState,
    NewInvitation,
    invite_person,
    list_invitations,
    withdraw_invitation,
)
from fairkeeper.access.actions.people import add_person, change_roles, remove_person
from fairkeeper.access.people import PersonKind
from fairkeeper.access.queries import list_people
from fairkeeper.access.roles import CUSTOMER_ROLES, STAFF_ROLES
from fairkeeper.access.views import Person
from fairkeeper.errors import FairkeeperError, NotFoundError
from fairkeeper.messages.ports import Mail
from fairkeeper.messages.queries import Worded, word_message
from fairkeeper.overview.names import Names, name_things
from fairkeeper.web.addresses import Address
from fairkeeper.web.format import count, state
from fairkeeper.web.forms import Field, FieldKind, Form, Option, with_answers
from fairkeeper.web.listing import Choice, Column, Filter, Listing
from fairkeeper.web.pages.settings import InvitationRow, PeoplePage, PersonRow
from fairkeeper.web.parts import Empty, Link
from fairkeeper.web.routes.settings.tabs import tabs
from fairkeeper.web.serving.asking import (
    Asking,
    Refused,
    Words,
    answer_question,
    ask,
    new_key,
    question_at,
    told,
    try_to,
    typed_fields,
)
from fairkeeper.web.serving.exports import Sheet, export_links, export_ways, sheet_of_rows
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.telling import NOBODY, words
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Way, get, post

_HERE: Final = "/settings/people"
TRAIL: Final = (Link(label="People", href=_HERE),)


def show_people(visit: Visit) -> Response:
    """Show who may sign in."""
    return visit.show(_page(visit, None))


def add(visit: Visit) -> Response:
    """Let an account sign in."""
    form = _form(visit)
    typed = typed_fields(visit, form) | {"roles": roles_of(visit.form)}
    answered = try_to(visit, add_person, **typed)
    if isinstance(answered, Refused):
        again = with_answers(form, visit.form, answered.errors, answered.whole)
        return visit.show(_page(visit, again), answered.status)
    return visit.go(told(visit, _HERE))


def invite(visit: Visit) -> Response:
    """Make an invitation and show its address, once."""
    form = _invite_form(visit)
    typed = typed_fields(visit, form) | {"roles": roles_of(visit.form)}
    answered = try_to(visit, invite_person, **typed)
    if isinstance(answered, Refused):
        again = with_answers(form, visit.form, answered.errors, answered.whole)
        return visit.show(replace(_page(visit, None), invite=again), answered.status)
    made: NewInvitation = answered
    link = "" if made.secret is None else f"{visit.parts.house.address}/invitation?token={made.secret}"
    return visit.show(replace(_page(visit, None), link=link, mailed=_mail(visit, made.invitation, link)))


def _mail(visit: Visit, invitation: Invitation, link: str) -> str:
    """Mail an invitation's address, which stands in no table and so in no message; say what became of it."""
    if not link or not invitation.email or not visit.parts.mailer.is_configured:
        return ""
    values = {
        "name": invitation.name or "",
        "inviter": visit.principal.display,
        "publisher": visit.parts.house.publisher,
        "link": link,
    }
    worded: Worded = visit.run_as_system("invitations", word_message, code=INVITATION_MAIL.code, values=values)
    mail = Mail(
        mail_id=invitation.invitation_id,
        to_address=invitation.email,
        to_name=invitation.name or "",
        subject=worded.subject,
        text=worded.text,
    )
    try:
        visit.parts.mailer.send(mail)
    except FairkeeperError as error:
        return f"The mail to {invitation.email} did not leave: {error.message}"
    return f"A mail with it left for {invitation.email}; you need not do anything more. If it does not arrive:"


def ask_withdraw(visit: Visit) -> Response:
    """Ask before an invitation is withdrawn."""
    return ask(visit, _withdraw(_invitation(visit)))


def withdraw(visit: Visit) -> Response:
    """Withdraw an invitation."""
    return answer_question(visit, _withdraw(_invitation(visit)))


def _invitation(visit: Visit) -> Invitation:
    wanted = visit.named("invitation_id")
    invitations: tuple[Invitation, ...] = visit.run(list_invitations)
    found = next((each for each in invitations if each.invitation_id == wanted), None)
    if found is None:
        raise NotFoundError(f"There is no invitation {wanted[:40]!r} here.", code="access.person_not_found")
    return found


def _withdraw(invitation: Invitation) -> Asking:
    asked = Words(
        opener="Withdraw",
        title=f"Is the invitation of {invitation.name or 'this person'} worth nothing from now on?",
        points=("Its address opens nothing any more.", "You can invite the person again."),
        submit="Withdraw the invitation",
        is_dangerous=True,
    )
    return Asking(
        operation=withdraw_invitation,
        question=question_at(f"/settings/invitations/{invitation.invitation_id}/withdraw", asked, back=_HERE),
        back=_HERE,
        room="Settings",
        fixed={"invitation_id": invitation.invitation_id},
        trail=TRAIL,
    )


def _invite_form(visit: Visit) -> Form:
    fields = (
        Field(name="name", label="Name", autocomplete="off"),
        Field(name="email", label="E-mail address", kind=FieldKind.EMAIL, is_required=False, autocomplete="off"),
        roles_field(STAFF_ROLES if visit.is_staff else CUSTOMER_ROLES),
    )
    return Form(
        id="invite-person",
        action="/settings/invitations",
        submit="Make an invitation",
        idempotency_key=new_key(),
        fields=fields,
    )


def _invitations(visit: Visit, *, may_change: bool) -> tuple[InvitationRow, ...]:
    found: tuple[Invitation, ...] = visit.run(list_invitations)
    shown = [each for each in found if each.state is not InvitationState.ACCEPTED][:20]
    return tuple(
        InvitationRow(
            name=each.name or "Erased",
            email=each.email or "no address",
            roles=[words(role) for role in each.roles],
            state=state(each.state.value),
            expires_at=each.expires_at,
            withdraw=_withdraw(each).question if may_change and each.state is InvitationState.OPEN else None,
        )
        for each in shown
    )


def roles_field(roles: Iterable[str], chosen: Iterable[str] = ()) -> Field:
    """Return the choice of roles."""
    return Field(
        name="roles",
        label="Roles",
        kind=FieldKind.CHECKBOXES,
        value=" ".join(sorted(chosen)),
        options=tuple(Option(value=role, label=words(role)) for role in sorted(roles)),
    )


def roles_of(form: Mapping[str, str]) -> list[str]:
    """Return the roles whose boxes were ticked."""
    return sorted(form.get("roles", "").split())


def _page(visit: Visit, form: Form | None) -> PeoplePage:
    shown = _shown(visit)
    may_change = visit.allows(add_person)
    return PeoplePage(
        frame=frame(visit, "Settings"),
        tabs=tabs(visit, "people"),
        sentence=f"{count(len(shown), 'person may', 'people may')} sign in.",
        people=_listing(visit, shown, may_change=may_change),
        add=(form or _form(visit)) if may_change else None,
        invite=_invite_form(visit) if may_change else None,
        invitations=_invitations(visit, may_change=may_change),
        invitation_exports=export_links(Address("/settings/invitations")),
    )


def sheet_of_invitations(visit: Visit) -> Sheet:
    """Return the invitations that nobody has accepted as a sheet."""
    return sheet_of_rows("invitations", InvitationRow, _invitations(visit, may_change=False))


def sheet_of_people(visit: Visit) -> Sheet:
    """Return the people whom the address shows as a sheet."""
    people = _shown(visit)
    names = _companies(visit, people)
    return sheet_of_rows("people", PersonRow, (_row(person, names, may_change=False) for person in people))


def _shown(visit: Visit) -> list[Person]:
    people: list[Person] = visit.run(list_people)
    kind = visit.query("kind") if visit.is_staff else PersonKind.CUSTOMER.value
    return [person for person in people if person.kind == (kind or PersonKind.STAFF.value)]


def _companies(visit: Visit, people: list[Person]) -> Names:
    if not visit.is_staff:
        return NOBODY
    ids = tuple(sorted({person.customer_id for person in people if person.customer_id}))[:1000]
    found: Names = visit.run(name_things, ids=ids) if ids else NOBODY
    return found


def _listing(visit: Visit, people: list[Person], *, may_change: bool) -> Listing[PersonRow]:
    names = _companies(visit, people)
    address = Address.of(_HERE, visit.request.query_params.multi_items())
    choices = (Choice(value="staff", label="The publisher’s"), Choice(value="customer", label="Customers’"))
    return Listing(
        id="people",
        caption="People",
        columns=(
            Column(label="Person"),
            Column(label="Roles"),
            Column(label="State"),
            Column(label="Last seen"),
            Column(label="Change", is_number=True),
        ),
        rows=tuple(_row(person, names, may_change=may_change) for person in people),
        empty=Empty(title="Nobody yet", text="A customer’s people join by signing in; staff are added below."),
        address=address,
        exports=export_links(address),
        filters=(Filter(name="kind", label="Whose", choices=choices),) if visit.is_staff else (),
    )


def _row(person: Person, names: Names, *, may_change: bool) -> PersonRow:
    company = names.customers.get(person.customer_id or "")
    email = person.email or "no address"
    return PersonRow(
        name=person.name or person.id,
        email=f"{email}, {company.name}" if company else email,
        roles=[words(role) for role in person.roles],
        state=state(person.state.value),
        last_seen_at=person.last_seen_at,
        change_roles=Link(label="Change roles", href=f"{_HERE}/{person.id}/roles") if may_change else None,
        remove=_remove(person).question if may_change else None,
    )


def _form(visit: Visit) -> Form:
    own = visit.is_staff
    tenant_id = visit.parts.house.tenant_id if own else visit.signed_in.tenant_id
    fields = (
        Field(name="name", label="Name", autocomplete="off"),
        Field(name="email", label="E-mail address", kind=FieldKind.EMAIL, is_required=False, autocomplete="off"),
        Field(
            name="object_id",
            label="Object id",
            hint="Microsoft Entra admin center, Users, the person, Overview.",
            autocomplete="off",
        ),
        Field(name="tenant_id", label="Tenant id", value=tenant_id or "", autocomplete="off"),
        roles_field(STAFF_ROLES if own else CUSTOMER_ROLES),
    )
    return Form(id="add-person", action=_HERE, submit="Add the person", idempotency_key=new_key(), fields=fields)


# -------------------- one person


def _person(visit: Visit) -> Person:
    wanted = visit.named("person_id")
    people: list[Person] = visit.run(list_people)
    found = next((person for person in people if person.id == wanted), None)
    if found is None:
        raise NotFoundError(f"There is no person {wanted[:40]!r} here.", code="access.person_not_found")
    return found


def _remove(person: Person) -> Asking:
    name = person.name or person.id
    asked = Words(
        opener="Remove",
        title=f"May {name} no longer sign in?",
        points=(
            f"{name} is signed out at once, in every browser.",
            "What the person did stays in the record; the account can be added again later.",
        ),
        submit=f"Remove {name}",
        is_dangerous=True,
    )
    return Asking(
        operation=remove_person,
        question=question_at(f"{_HERE}/{person.id}/remove", asked, back=_HERE),
        back=_HERE,
        room="Settings",
        fixed={"person_id": person.id},
        trail=TRAIL,
    )


def _change(person: Person) -> Asking:
    name = person.name or person.id
    roles = STAFF_ROLES if person.kind is PersonKind.STAFF else CUSTOMER_ROLES
    asked = Words(
        opener="Change roles",
        title=f"Which roles does {name} have?",
        points=("They hold from the next request on.",),
        fields=(roles_field(roles, person.roles),),
        submit="Save the roles",
    )
    return Asking(
        operation=change_roles,
        question=question_at(f"{_HERE}/{person.id}/roles", asked, back=_HERE),
        back=_HERE,
        room="Settings",
        fixed={"person_id": person.id},
        trail=TRAIL,
        read=_read_roles,
    )


def _read_roles(form: Mapping[str, str]) -> Mapping[str, Any]:
    return {"roles": roles_of(form)}


def ask_remove(visit: Visit) -> Response:
    """Ask before a person is removed."""
    return ask(visit, _remove(_person(visit)))


def remove(visit: Visit) -> Response:
    """Remove a person."""
    return answer_question(visit, _remove(_person(visit)))


def ask_change(visit: Visit) -> Response:
    """Ask for a person's roles."""
    return ask(visit, _change(_person(visit)))


def change(visit: Visit) -> Response:
    """Change a person's roles."""
    return answer_question(visit, _change(_person(visit)))


WAYS: Final[tuple[Way, ...]] = (
    get(_HERE, show_people),
    post(_HERE, add),
    post("/settings/invitations", invite),
    get("/settings/invitations/{invitation_id}/withdraw", ask_withdraw),
    post("/settings/invitations/{invitation_id}/withdraw", withdraw),
    *export_ways(_HERE, sheet_of_people),
    *export_ways("/settings/invitations", sheet_of_invitations),
    get(f"{_HERE}/{{person_id}}/remove", ask_remove),
    post(f"{_HERE}/{{person_id}}/remove", remove),
    get(f"{_HERE}/{{person_id}}/roles", ask_change),
    post(f"{_HERE}/{{person_id}}/roles", change),
)
