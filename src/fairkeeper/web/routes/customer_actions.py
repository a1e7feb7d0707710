"""What can be done about a customer and what waits for a person: stop everything, rename, close, try again."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from fairkeeper.access.queries import list_tokens
from fairkeeper.access.views import ApiToken
from fairkeeper.customers.actions.marketplace.follow_notice import retry_notice
from fairkeeper.customers.actions.marketplace.reconcile import reconcile
from fairkeeper.customers.actions.rename_customer import rename_customer
from fairkeeper.customers.actions.revoke import revoke_customer
from fairkeeper.customers.actions.ring_clock import close_reminder
from fairkeeper.customers.path.lifecycle import ProvisioningState
from fairkeeper.customers.queries import list_reminders, show_customer, show_notice
from fairkeeper.customers.views import CustomerDetail, NoticeLine, ReminderLine
from fairkeeper.errors import NotFoundError
from fairkeeper.overview.actions import retry_task
from fairkeeper.overview.queries import show_today
from fairkeeper.overview.views import Today
from fairkeeper.web.forms import Field
from fairkeeper.web.parts import Link
from fairkeeper.web.serving.asking import Asking, Words, answer_question, ask, question_at, reason_field
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get, post

_ENDED: Final = frozenset(
    {ProvisioningState.DRAINING.value, ProvisioningState.STOPPED.value, ProvisioningState.ERASED.value}
)


# -------------------- stopping everything


def revoke_asking(visit: Visit, customer: CustomerDetail) -> Asking:
    """Return the question before everything of a customer is stopped."""
    own = not visit.is_staff
    address = "/revoke" if own else f"/customers/{customer.slug}/revoke"
    back = "/" if own else f"/customers/{customer.slug}"
    words = Words(
        opener="Stop everything",
        title=f"Stop everything of {customer.name}?",
        points=_what_stops(visit, customer),
        fields=(reason_field("It is recorded and stands in the record that the customer keeps."),),
        cannot_undo="work that an agent leaves half done stays half done, and revoked tokens stay revoked.",
        typed_word=customer.slug,
        is_dangerous=True,
    )
    return Asking(
        operation=revoke_customer,
        question=question_at(address, words, back=back),
        back=back,
        room="Home" if own else "Customers",
        fixed={"customer": customer.customer_id},
        trail=(Link(label=customer.name, href=back),),
    )


def is_revocable(customer: CustomerDetail) -> bool:
    """Whether anything of a customer is left to stop."""
    return any(each.line.provisioning not in _ENDED for each in customer.subscriptions)


def _what_stops(visit: Visit, customer: CustomerDetail) -> tuple[str, ...]:
    live = [each for each in customer.subscriptions if each.line.provisioning not in _ENDED]
    names = ", ".join(each.name or each.line.plan_id or each.line.subscription_id for each in live)
    points = [f"Every use is refused at once: {names or 'nothing is in use any more'}."]
    if visit.allows(list_tokens):
        tokens: list[ApiToken] = visit.run(list_tokens, customer_id=customer.customer_id)
        if tokens:
            points.append(f"API tokens are revoked: {', '.join(token.name for token in tokens)}.")
    points += [
        "The publisher's systems are asked to finish running work and to stop.",
        "Then the clock for erasing the data starts; until it ends, everything can be exported.",
        "A signed receipt lists what stopped, and what only the customer can remove in its own tenant.",
        "The purchase at Microsoft goes on and is billed until it is cancelled there, or here on its own page.",
    ]
    return tuple(points)


def _revoke(visit: Visit) -> Asking:
    named = visit.named("customer")[:80] if visit.is_staff else visit.principal.customer_id
    customer: CustomerDetail = visit.run(show_customer, customer=named)
    return revoke_asking(visit, customer)


def _own_company_only(visit: Visit) -> None:
    if visit.is_staff:
        raise NotFoundError("There is no such page for you.", code="web.no_such_page")


def ask_revoke(visit: Visit) -> Response:
    """Ask before everything of a customer is stopped."""
    return ask(visit, _revoke(visit))


def revoke(visit: Visit) -> Response:
    """Stop everything of a customer."""
    return answer_question(visit, _revoke(visit))


def ask_own_revoke(visit: Visit) -> Response:
    """Ask a customer's own person before everything is stopped."""
    _own_company_only(visit)
    return ask(visit, _revoke(visit))


def own_revoke(visit: Visit) -> Response:
    """Stop everything of one's own company."""
    _own_company_only(visit)
    return answer_question(visit, _revoke(visit))


# -------------------- renaming


def _rename(visit: Visit) -> Asking:
    customer: CustomerDetail = visit.run(show_customer, customer=visit.named("customer")[:80])
    back = f"/customers/{customer.slug}"
    words = Words(
        opener="Rename",
        title=f"What do people call {customer.name}?",
        points=("Microsoft states no names, so this one is yours; the page's address stays as it is.",),
        fields=(Field(name="name", label="Name", value=customer.name, autocomplete="off"),),
        submit="Save the name",
    )
    return Asking(
        operation=rename_customer,
        question=question_at(f"{back}/rename", words, back=back),
        back=back,
        room="Customers",
        fixed={"customer": customer.customer_id},
        trail=(Link(label=customer.name, href=back),),
    )


def ask_rename(visit: Visit) -> Response:
    """Ask for a customer's name."""
    return ask(visit, _rename(visit))


def rename(visit: Visit) -> Response:
    """Give a customer a name."""
    return answer_question(visit, _rename(visit))


# -------------------- what waits for a person


def _close(visit: Visit) -> Asking:
    number = _number(visit, "reminder_id")
    lines: tuple[ReminderLine, ...] = visit.run(list_reminders, customer="", limit=500)
    line = next((each for each in lines if each.reminder_id == number), None)
    about = line.message if line is not None else "This is not open, or not yours to close."
    words = Words(
        opener="Close with a reason",
        title="Close it?",
        points=(about, "It comes back by itself if its cause comes back."),
        fields=(reason_field("What was done about it.", name="why"),),
        submit="Close it",
    )
    slug = None if line is None else line.customer_slug
    back = "/" if slug is None else f"/customers/{slug}"
    return Asking(
        operation=close_reminder,
        question=question_at(f"/reminders/{number}/close", words, back=back),
        back=back,
        room="Today",
        fixed={"reminder_id": number},
    )


def ask_close(visit: Visit) -> Response:
    """Ask what was done about a reminder."""
    return ask(visit, _close(visit))


def close(visit: Visit) -> Response:
    """Close a reminder."""
    return answer_question(visit, _close(visit))


def _retry_task(visit: Visit) -> Asking:
    number = _number(visit, "task_id")
    today: Today = visit.run(show_today)
    task = next((each for each in today.failed_tasks if each.task_id == number), None)
    about = f"{task.name}: {task.last_error or 'no error was kept'}" if task else "It was not given up, or is done."
    words = Words(
        opener="Try again",
        title="Try this work again?",
        points=(about, "Mend the cause first; it is tried once now, and then as often as at first."),
    )
    return Asking(
        operation=retry_task,
        question=question_at(f"/tasks/{number}/retry", words, back="/"),
        back="/",
        room="Today",
        fixed={"task_id": number},
    )


def ask_retry_task(visit: Visit) -> Response:
    """Ask before given-up work is tried again."""
    return ask(visit, _retry_task(visit))


def try_task_again(visit: Visit) -> Response:
    """Try given-up work again."""
    return answer_question(visit, _retry_task(visit))


# -------------------- Microsoft's notices


def retry_notice_asking(notice: NoticeLine) -> Asking:
    """Return the question before a held webhook is worked on again."""
    address = f"/webhooks/{notice.notice_id}"
    words = Words(
        opener="Work on it again",
        title=f"Work on this {notice.action or 'webhook'} again?",
        points=(
            "The operation is read from Microsoft again, and what Microsoft says now is done.",
            "It is held again if nobody here can judge it.",
        ),
    )
    return Asking(
        operation=retry_notice,
        question=question_at(f"{address}/retry", words, back=address),
        back=address,
        room="Webhooks",
        fixed={"notice_id": notice.notice_id},
        trail=(Link(label="Webhooks", href="/webhooks"),),
    )


def _retry_notice(visit: Visit) -> Asking:
    notice: NoticeLine = visit.run(show_notice, notice_id=_number(visit, "notice_id"))
    return retry_notice_asking(notice)


def ask_retry_notice(visit: Visit) -> Response:
    """Ask before a held webhook is worked on again."""
    return ask(visit, _retry_notice(visit))


def work_on_notice_again(visit: Visit) -> Response:
    """Work on a held webhook again."""
    return answer_question(visit, _retry_notice(visit))


def _reconcile(_visit: Visit) -> Asking:
    words = Words(
        opener="Compare with Microsoft",
        title="Compare every subscription with Microsoft's list now?",
        points=(
            "This runs by itself too; it finds webhooks that were lost, and repairs what they would have told.",
            "Nothing is deleted by it.",
        ),
    )
    return Asking(
        operation=reconcile,
        question=question_at("/webhooks/compare", words, back="/webhooks"),
        back="/webhooks",
        room="Webhooks",
        trail=(Link(label="Webhooks", href="/webhooks"),),
    )


def ask_reconcile(visit: Visit) -> Response:
    """Ask before everything is compared with Microsoft's list."""
    return ask(visit, _reconcile(visit))


def compare(visit: Visit) -> Response:
    """Compare everything with Microsoft's list."""
    return answer_question(visit, _reconcile(visit))


def _number(visit: Visit, name: str) -> int:
    text = visit.named(name)
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise NotFoundError(f"There is nothing with the number {text[:20]!r} here.", code="web.no_such_page")
    return int(text)


WAYS: Final[tuple[Way, ...]] = (
    get("/customers/{customer}/revoke", ask_revoke, Audience.STAFF),
    post("/customers/{customer}/revoke", revoke, Audience.STAFF),
    get("/revoke", ask_own_revoke),
    post("/revoke", own_revoke),
    get("/customers/{customer}/rename", ask_rename, Audience.STAFF),
    post("/customers/{customer}/rename", rename, Audience.STAFF),
    get("/reminders/{reminder_id}/close", ask_close, Audience.STAFF),
    post("/reminders/{reminder_id}/close", close, Audience.STAFF),
    get("/tasks/{task_id}/retry", ask_retry_task, Audience.STAFF),
    post("/tasks/{task_id}/retry", try_task_again, Audience.STAFF),
    get("/webhooks/compare", ask_reconcile, Audience.STAFF),
    post("/webhooks/compare", compare, Audience.STAFF),
    get("/webhooks/{notice_id}/retry", ask_retry_notice, Audience.STAFF),
    post("/webhooks/{notice_id}/retry", work_on_notice_again, Audience.STAFF),
)
