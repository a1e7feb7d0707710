"""Every operation of this room, for the registry."""

from __future__ import annotations

from typing import Final

from fairkeeper.access.actions import invitations
from fairkeeper.access.actions.people import add_person, change_roles, remove_person
from fairkeeper.access.actions.sign_in import claim_first_owner, sign_in, sign_out
from fairkeeper.access.actions.tokens import create_token, revoke_token
from fairkeeper.access.queries import list_people, list_tokens, who_am_i
from fairkeeper.action.operation import Operation

OPERATIONS: Final[tuple[Operation, ...]] = (
    claim_first_owner,
    sign_in,
    sign_out,
    add_person,
    change_roles,
    remove_person,
    *invitations.OPERATIONS,
    create_token,
    revoke_token,
    list_people,
    list_tokens,
    who_am_i,
)
