"""Refusals of the room `consent`."""

from __future__ import annotations

from fairkeeper.errors import ConflictError, DeniedError, InvalidError, NotFoundError, UnavailableError, UpstreamError


class MoveRefusedError(ConflictError):
    """A link or a grant has no such move from its present state."""

    code = "consent.move_refused"


class LinkNotFoundError(NotFoundError):
    """There is no trust between the publisher and this customer's tenant."""

    code = "consent.link_not_found"
    remedy = "A link begins when somebody of the customer signs in on the landing page; look at the customer's path."


class GrantNotFoundError(NotFoundError):
    """There is no such grant for this principal."""

    code = "consent.grant_not_found"
    remedy = "List the customer's grants; one of another customer is not shown."


class LinkNotLiveError(ConflictError):
    """The link was ended, or is being ended; nothing is asked for or served through it."""

    code = "consent.link_not_live"
    remedy = "Respect it. A customer who comes back is linked anew, with a link of its own."


class PlanMissingError(ConflictError):
    """No consent plan is applied, so nothing can be asked for."""

    code = "consent.plan_missing"
    remedy = "Write the plan, check it and apply it: fairkeeper consent check, fairkeeper consent apply."


class PlanRefusedError(InvalidError):
    """The plan cannot be applied as it stands."""

    code = "consent.plan_refused"
    remedy = "Run fairkeeper consent check on the file and correct what it finds."


class NothingToAskError(ConflictError):
    """The plan asks for nothing that this tenant has not granted."""

    code = "consent.nothing_to_ask"
    remedy = "Nothing has to be done."


class ConnectLinkRefusedError(NotFoundError):
    """There is no such connect page: the address is wrong, too old, or was withdrawn."""

    code = "consent.connect_link_refused"
    remedy = "Ask the publisher for a new address of the page."


class AnswerRefusedError(DeniedError):
    """An answer to a consent request belongs to none that was begun here, so it changes nothing."""

    code = "consent.answer_refused"
    remedy = "Open the page of what is asked for again and start from there, in one browser."


class TokenNotReadyError(UnavailableError):
    """No token of this tenant can be had just now."""

    code = "consent.token_not_ready"
    remedy = "Ask again in a few seconds; it is being fetched."


class GrantNotVerifiedError(DeniedError):
    """The grant is not verified, so no token of it is served."""

    code = "consent.grant_not_verified"
    remedy = "Look at the grant; only a verified one unlocks work in the customer's tenant."


class CatalogueUnreadableError(InvalidError):
    """A file of Graph permissions is not what Microsoft publishes."""

    code = "consent.catalogue_unreadable"
    remedy = "Give permissions.json of microsoftgraph/microsoft-graph-devx-content, as it was downloaded."


class CallHomeRefusedError(DeniedError):
    """An instance presented a claim code or a token that does not fit."""

    code = "consent.call_home_refused"
    remedy = "Make a new claim code, and register the instance once with it from inside the customer's tenant."


class NotificationRefusedError(DeniedError):
    """A notification of a managed application carries no good secret."""

    code = "consent.notification_refused"
    remedy = "Put the notification address into Partner Center exactly as Fairkeeper shows it, and publish again."


class ResourceManagerError(UpstreamError):
    """Azure Resource Manager could not be asked about a managed application."""

    code = "consent.resource_manager_failed"
    remedy = "It is asked again by itself; nothing is believed of a notification before that."
