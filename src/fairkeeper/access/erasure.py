"""Taking away what names a customer's people, when the customer's data is erased.

Evidence keeps our random ids, which after this lead to nobody.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from fairkeeper.access.people import PersonState
from fairkeeper.access.tables import ApiTokenRow, InvitationRow, PersonRow, WebSessionRow
from fairkeeper.values.ids import CustomerId


def erase_people(session: Session, customer_id: CustomerId, *, now: datetime) -> int:
    """Sign out, remove and make nameless everybody of a customer, and revoke its tokens; return how many people.

    Microsoft's ids go too, so that nothing leads from an account to our ids; whoever comes back is somebody new.
    """
    session.execute(delete(WebSessionRow).where(WebSessionRow.customer_id == customer_id))
    session.execute(
        update(ApiTokenRow)
        .where(ApiTokenRow.customer_id == customer_id, ApiTokenRow.revoked_at.is_(None))
        .values(revoked_at=now)
        .execution_options(synchronize_session="fetch")
    )
    for invitation in session.scalars(select(InvitationRow).where(InvitationRow.customer_id == customer_id)):
        invitation.name, invitation.email, invitation.withdrawn_at = None, None, invitation.withdrawn_at or now
    people = session.scalars(select(PersonRow).where(PersonRow.customer_id == customer_id).with_for_update()).all()
    for row in people:
        row.name, row.email, row.state = None, None, PersonState.REMOVED.value
        row.object_id, row.first_of = f"erased:{row.id}", None
    return len(people)
