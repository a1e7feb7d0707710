"""Why somebody was not let in, or may not change who is; each code says which."""

from __future__ import annotations

from fairkeeper.errors import ConflictError, DeniedError, InvalidError, NotFoundError, UnauthenticatedError


class CredentialsRefusedError(UnauthenticatedError):
    """What was sent along with the request proves nobody."""

    code = "access.credentials_refused"


class SignInRefusedError(DeniedError):
    """Microsoft vouches for the person, but the person has no business here."""

    code = "access.sign_in_refused"
    remedy = "Sign in with the account that was added here, or ask an owner to add this one."


class SignInAttemptError(UnauthenticatedError):
    """The answer from Microsoft belongs to no open sign-in of this browser."""

    code = "access.sign_in_unknown"
    remedy = "Start signing in again, and finish within ten minutes in the same browser."


class FirstOwnerRefusedError(DeniedError):
    """Nobody becomes the first owner this way."""

    code = "access.first_owner_refused"
    remedy = "Make a one-time token on the server (`fairkeeper token create --first-owner`) and open its address."


class InvitationRefusedError(DeniedError):
    """Nobody becomes a person here by this invitation."""

    code = "access.invitation_refused"
    remedy = "Ask whoever invited you for a new link."


class OwnersTooFewError(ConflictError):
    """The change would leave too few people who can let others in."""

    code = "access.owners_too_few"
    remedy = "Make somebody else an owner first."


class RolesRefusedError(InvalidError):
    """These roles cannot be given to this kind of person or token."""

    code = "access.roles_refused"


class PersonExistsError(ConflictError):
    """The account is known already."""

    code = "access.person_exists"
    remedy = "Change the roles of the person that is there."


class PersonNotFoundError(NotFoundError):
    """There is no such person for this principal."""

    code = "access.person_not_found"


class TokenNotFoundError(NotFoundError):
    """There is no such API token for this principal."""

    code = "access.token_not_found"
