"""The kinds of findings of the room `customers`, each declared once with its remedy and official resource."""

from __future__ import annotations

from typing import Final

from fairkeeper.values.findings import FindingKind, Level, finding_kinds

FIELD_UNREADABLE: Final = finding_kinds.declare(
    FindingKind(
        code="customers.field_unreadable",
        level=Level.WARNING,
        title="A field of Microsoft's answer cannot be read",
        remedy="Nothing is lost: the answer is kept as it came. Compare the field with Microsoft's documentation.",
        resource="learn-subscription-api",
        example='{"quantity": "many"}',
    )
)

ID_MISSING: Final = finding_kinds.declare(
    FindingKind(
        code="customers.id_missing",
        level=Level.ERROR,
        title="Microsoft's answer carries no usable id",
        remedy="Keep the raw answer and ask Microsoft's support with its request id; it is not acted on.",
        resource="learn-subscription-api",
        example='{"saasSubscriptionStatus": "Subscribed"}',
    )
)

IDS_DISAGREE: Final = finding_kinds.declare(
    FindingKind(
        code="customers.ids_disagree",
        level=Level.ERROR,
        title="One answer names two different ids for the same thing",
        remedy="Keep the raw answer and ask Microsoft's support with its request id; it is not acted on.",
        resource="commercial-marketplace-openapi",
        example='{"id": "…0001", "subscription": {"id": "…0002"}}',
    )
)

STATUS_UNKNOWN: Final = finding_kinds.declare(
    FindingKind(
        code="customers.status_unknown",
        level=Level.WARNING,
        title="Microsoft reports a status that Fairkeeper does not know",
        remedy="Use is held. Compare the status with Microsoft's documentation and update Fairkeeper.",
        resource="learn-life-cycle",
        example='{"saasSubscriptionStatus": "Dormant"}',
    )
)

TERM_UNREADABLE: Final = finding_kinds.declare(
    FindingKind(
        code="customers.term_unreadable",
        level=Level.WARNING,
        title="The length of a term is no ISO 8601 duration",
        remedy="The text is kept; deadlines are derived from the term's own dates. Check it in Partner Center.",
        resource="commercial-marketplace-openapi",
        example='{"term": {"termUnit": "yearly"}}',
    )
)

ACTION_UNKNOWN: Final = finding_kinds.declare(
    FindingKind(
        code="customers.action_unknown",
        level=Level.WARNING,
        title="A webhook names an action that Fairkeeper does not know",
        remedy="It is kept and shown, and the subscription is read again. Compare it with Microsoft's webhook page.",
        resource="learn-webhook",
        example='{"action": "Transfer"}',
    )
)

STATUS_JUMPED: Final = finding_kinds.declare(
    FindingKind(
        code="customers.status_jumped",
        level=Level.WARNING,
        title="Microsoft's status moved in a way the documentation does not describe",
        remedy="The mirror follows Microsoft. Look at the subscription in Partner Center before relying on it.",
        resource="learn-life-cycle",
        example="Unsubscribed, then Subscribed under the same subscription id",
    )
)

NOTICE_DISAGREES: Final = finding_kinds.declare(
    FindingKind(
        code="customers.notice_disagrees",
        level=Level.ERROR,
        title="A webhook does not agree with the operation Microsoft returns for it",
        remedy="It is not acted on. If it repeats, check who can reach the webhook and ask Microsoft's support.",
        resource="learn-operations-api",
        example="A webhook for subscription …0001 whose operation belongs to …0002",
    )
)

MISSING_HERE: Final = finding_kinds.declare(
    FindingKind(
        code="customers.missing_here",
        level=Level.WARNING,
        title="Microsoft lists a subscription that is not known here",
        remedy="It is taken over: a purchase whose buyer has not opened the landing page, or a lost webhook.",
        resource="learn-life-cycle",
        example="A listed subscription with status PendingFulfillmentStart and no row here",
    )
)

MISSING_THERE: Final = finding_kinds.declare(
    FindingKind(
        code="customers.missing_there",
        level=Level.ERROR,
        title="A subscription known here is not listed by Microsoft",
        remedy="It is read by its id; if Microsoft does not know it, a person decides. Nothing is deleted by itself.",
        resource="learn-subscription-api",
        example="A Subscribed row here that the complete list does not hold",
    )
)

MIRROR_DIFFERS: Final = finding_kinds.declare(
    FindingKind(
        code="customers.mirror_differs",
        level=Level.WARNING,
        title="What is known here differs from what Microsoft lists",
        remedy="The subscription is read again and followed, as its webhook would have been.",
        resource="learn-webhook",
        example="Subscribed here, Suspended at Microsoft: the Suspend webhook was lost",
    )
)

BENEFICIARY_UNKNOWN: Final = finding_kinds.declare(
    FindingKind(
        code="customers.beneficiary_unknown",
        level=Level.WARNING,
        title="Microsoft does not state for whom a subscription was bought",
        remedy="Nobody of the customer can sign in until Microsoft states the tenant. Ask the buyer and Microsoft.",
        resource="learn-subscription-api",
        example='{"beneficiary": {}, "purchaser": {}}',
    )
)

PROVISIONING_FAILED: Final = finding_kinds.declare(
    FindingKind(
        code="customers.provisioning_failed",
        level=Level.ERROR,
        title="The publisher's systems could not do what they were asked for",
        remedy="Read their reason, mend it there, then hand the wish to them again.",
        resource="learn-life-cycle",
        example="The wish to provision was reported as failed: no capacity in the region",
    )
)

WISH_REFUSED: Final = finding_kinds.declare(
    FindingKind(
        code="customers.wish_refused",
        level=Level.WARNING,
        title="Microsoft refused what a person asked for",
        remedy="Read Microsoft's reason and the subscription's present state, then decide again.",
        resource="learn-subscription-api",
        example="A change to a plan that this customer cannot buy",
    )
)

CLAIM_WAITS: Final = finding_kinds.declare(
    FindingKind(
        code="customers.claim_waits",
        level=Level.WARNING,
        title="Somebody else says that a subscription is theirs to set up",
        remedy="Ask the buyer whether that is so, then confirm the claim or leave it.",
        resource="learn-landing-page",
        example="A visitor from another tenant than the beneficiary's chose to claim the subscription",
    )
)

ADOPTION_ROW_UNREADABLE: Final = finding_kinds.declare(
    FindingKind(
        code="customers.adoption_row_unreadable",
        level=Level.ERROR,
        title="A line of an older system's export cannot be read",
        remedy="Correct the line, or leave it out and adopt that subscription by hand.",
        resource="saas-accelerator",
        example="AMPSubscriptionId is empty",
    )
)

ADOPTION_UNKNOWN_HERE: Final = finding_kinds.declare(
    FindingKind(
        code="customers.adoption_unknown_here",
        level=Level.WARNING,
        title="An older system knows a subscription that Microsoft's list did not name",
        remedy="Compare with Microsoft's list (`fairkeeper customers reconcile`), then adopt the file again.",
        resource="saas-accelerator",
        example="a subscription that was deleted at Microsoft",
    )
)

ADOPTION_MANAGED_ALREADY: Final = finding_kinds.declare(
    FindingKind(
        code="customers.adoption_managed_already",
        level=Level.INFO,
        title="A subscription of the file is managed already",
        remedy="Nothing has to be done; hand it back first if the older system runs it again.",
        resource="saas-accelerator",
        example="a subscription that was taken over last week",
    )
)

ADOPTION_DIFFERS: Final = finding_kinds.declare(
    FindingKind(
        code="customers.adoption_differs",
        level=Level.WARNING,
        title="An older system states a subscription otherwise than Microsoft",
        remedy="Microsoft's statement is the true one; look why the older system missed the change.",
        resource="saas-accelerator",
        example="the plan is team there and team-plus at Microsoft",
    )
)

ADOPTION_NOT_SET_UP: Final = finding_kinds.declare(
    FindingKind(
        code="customers.adoption_not_set_up",
        level=Level.WARNING,
        title="Microsoft bills a subscription that the older system had not set up",
        remedy="Set it up in the older system, or take it over here and start provisioning.",
        resource="saas-accelerator",
        example="Subscribed at Microsoft, PendingActivation there",
    )
)
