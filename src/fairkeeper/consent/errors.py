"""Refusals of the room `consent`."""

from __future__ import annotations

from fairkeeper.errors import ConflictError, DeniedError, InvalidError, NotFoundError, UpstreamError


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


class ConnectLinkRefusedError(NotFoundError):
    """There is no such connect page: the address is wrong, too old, or was withdrawn."""

    code = "consent.connect_link_refused"
    remedy = "Ask the publisher for a new address of the page."


class AnswerRefusedError(NotFoundError):
    """An answer to a consent request belongs to none that was begun here, so it changes nothing."""

    code = "consent.answer_refused"
    remedy = "Open the page of what is asked for again and start from there, in one browser."


class GrantNotVerifiedError(DeniedError):
    """The grant is not verified, so no token of it is served."""

    code = "consent.grant_not_verified"
    remedy = "Look at the grant; only a verified one unlocks work in the customer's tenant."


class PermissionsFileRefusedError(InvalidError):
    """The file is no permissions.json that could be laid beside the catalogue."""

    code = "consent.permissions_file_refused"
    remedy = (
        "Download permissions/new/permissions.json of microsoftgraph/microsoft-graph-devx-content, and import that."
    )


class DeploymentNotFoundError(NotFoundError):
    """There is no such deployment for this principal."""

    code = "consent.deployment_not_found"
    remedy = "List the deployments; one of another customer is not shown."


class ElevationRefusedError(ConflictError):
    """Just-in-time access cannot be asked for as it stands."""

    code = "consent.elevation_refused"
    remedy = "Look at the deployment: it has to be running, allow just-in-time access, and the plan has to name it."


class ClaimCodeRefusedError(DeniedError):
    """The claim code, with this identity, opens nothing; why is recorded where the code is known."""

    code = "consent.claim_code_refused"
    remedy = "Make a new claim code, put it into the installation in the tenant that it was made for, and use it once."


class AgentIdentityNotFoundError(NotFoundError):
    """There is no such agent identity for this principal."""

    code = "consent.agent_identity_not_found"
    remedy = "Show the customer's consent; an agent identity of another customer is not shown."


class AgentIdentityRefusedError(ConflictError):
    """An agent identity cannot be placed as it stands, or may not act now."""

    code = "consent.agent_identity_refused"
    remedy = "Look at the customer's consent: the plan has to name the blueprint, and the link and the agent to live."


class AgentMakingUnclearError(UpstreamError):
    """Microsoft was asked to make an agent identity, and the answer was lost."""

    code = "consent.agent_making_unclear"
    remedy = "Look in the tenant whether it was made; then name its id, or name the sponsor again."
