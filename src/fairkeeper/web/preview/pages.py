"""All preview pages by the name of their file."""

from __future__ import annotations

from dataclasses import replace

from fairkeeper.errors import ConflictError
from fairkeeper.web.pages.answers import QuestionPage, error_page
from fairkeeper.web.pages.base import Page
from fairkeeper.web.preview.accounts import account_pages
from fairkeeper.web.preview.adoption import adoption_pages
from fairkeeper.web.preview.assurance import assurance_pages
from fairkeeper.web.preview.buyer import buyer_pages
from fairkeeper.web.preview.consent import consent_pages
from fairkeeper.web.preview.customers import customer_pages, revoke_question
from fairkeeper.web.preview.deals import deal_pages
from fairkeeper.web.preview.evidence import evidence_pages
from fairkeeper.web.preview.frames import CONTOSO, CUSTOMERS, frame, open_frame
from fairkeeper.web.preview.governance import governance_pages
from fairkeeper.web.preview.guide import guide_pages
from fairkeeper.web.preview.opportunities import opportunity_pages
from fairkeeper.web.preview.parts import parts_page
from fairkeeper.web.preview.payouts import payout_pages
from fairkeeper.web.preview.settings import settings_pages
from fairkeeper.web.preview.today import today_pages
from fairkeeper.web.preview.tracing import tracing_pages
from fairkeeper.web.preview.usage import usage_pages
from fairkeeper.web.preview.webhooks import webhook_pages

_SUPPORT_ID = "01JD4Y7M2N8Q5R9S3T6V0WXYZ4"

_ERRORS = {
    409: ConflictError(
        "Microsoft has locked this subscription: a change of plan is still under way.",
        code="customers.subscription_locked",
        remedy="Wait until the change of plan has ended, then try again.",
    )
}


def preview_pages() -> dict[str, Page]:
    """Return every page the console has, filled with made-up companies."""
    errors: dict[str, Page] = {
        f"error-{status}": error_page(
            open_frame() if status in {401, 503} else frame(), status, support_id=_SUPPORT_ID, error=_ERRORS.get(status)
        )
        for status in (400, 401, 403, 404, 409, 422, 500, 503)
    }
    question = QuestionPage(frame=frame("Customers"), trail=(CUSTOMERS, CONTOSO), question=revoke_question())
    pages = {
        **today_pages(),
        **guide_pages(),
        **tracing_pages(),
        **customer_pages(),
        **deal_pages(),
        **webhook_pages(),
        **account_pages(),
        **payout_pages(),
        **usage_pages(),
        **opportunity_pages(),
        **evidence_pages(),
        **governance_pages(),
        **assurance_pages(),
        **settings_pages(),
        **buyer_pages(),
        **adoption_pages(),
        **consent_pages(),
        **errors,
        "question": question,
        "parts": parts_page(),
    }
    return {name: replace(page, frame=replace(page.frame, address=f"/{name}.html")) for name, page in pages.items()}
