"""Refusals of the room `opportunities`."""

from __future__ import annotations

from fairkeeper.errors import ConflictError, DeniedError, InvalidError, NotFoundError, UnavailableError, UpstreamError


class FieldsUnreadableError(InvalidError):
    """The list of fields cannot be used."""

    code = "opportunities.fields_unreadable"
    remedy = "Compare it with the shipped list of fields and correct it, or leave the setting out."


class LensUnreadableError(InvalidError):
    """A lens's definition cannot be used."""

    code = "opportunities.lens_unreadable"
    remedy = "Compare it with the shipped definitions and correct what the message names."


class LensUnknownError(NotFoundError):
    """There is no such lens."""

    code = "opportunities.lens_unknown"
    remedy = "Name one of the lenses that `fairkeeper opportunities lenses` lists."


class PricesUnreadableError(InvalidError):
    """A file of prices cannot be used."""

    code = "opportunities.prices_unreadable"
    remedy = "Give a CSV file with the columns product, price_per_seat_per_month, currency, from."


class OwnersUnreadableError(InvalidError):
    """A file of accounts' owners cannot be used."""

    code = "opportunities.owners_unreadable"
    remedy = "Give a CSV file with a column tenant_id or domain, and a column owner."


class NoSnapshotError(NotFoundError):
    """Nothing was imported yet."""

    code = "opportunities.no_snapshot"
    remedy = "Import an export of the Copilot Opportunities tab: `fairkeeper opportunities import FILE`."


class SnapshotUnclearError(InvalidError):
    """What names a snapshot names none, or the two are in the wrong order."""

    code = "opportunities.snapshot_unclear"
    remedy = "Name two days or months of `fairkeeper opportunities snapshots`, the earlier first."


class AccountUnknownError(NotFoundError):
    """No imported snapshot holds this account."""

    code = "opportunities.account_unknown"
    remedy = "Give the tenant's id, its domain, or its whole name as the export writes it."


class AccountAmbiguousError(ConflictError):
    """Several accounts answer to the same name."""

    code = "opportunities.account_ambiguous"
    remedy = "Give the whole name of one of them, or the tenant's id."


class CardNotFoundError(NotFoundError):
    """There is no such card."""

    code = "opportunities.card_not_found"
    remedy = "Open the list again; a card whose reason is gone is closed."


class CardClosedError(ConflictError):
    """The card is closed."""

    code = "opportunities.card_closed"
    remedy = "Open the list; when the reason comes back, a new card does."


class PushRefusedError(DeniedError):
    """The agent may not push this."""

    code = "opportunities.push_refused"
    remedy = "A seller pushes one card by a click; what is pushed unasked needs a standing approval."


class AccountNotMatchedError(ConflictError):
    """Which account of the CRM a tenant is, is not certain."""

    code = "opportunities.account_not_matched"
    remedy = "Say on the account's page which account of the CRM it is; nothing is pushed until then."


class CRMNotConfiguredError(InvalidError):
    """No CRM is configured."""

    code = "opportunities.crm_not_configured"
    remedy = "Name the CRM in the settings FAIRKEEPER_CRM_KIND and FAIRKEEPER_CRM_URL."


class CRMThrottledError(UnavailableError):
    """The CRM asks us to wait."""

    code = "opportunities.crm_throttled"
    remedy = "Nothing has to be done: what is left is sent when the CRM takes it again."


class CRMRefusedError(UpstreamError):
    """The CRM refused what was sent."""

    code = "opportunities.crm_refused"
    remedy = "Read the CRM's own words, correct its configuration, and open the parked push again."


class CRMUnreachableError(UnavailableError):
    """The CRM did not answer."""

    code = "opportunities.crm_unreachable"
    remedy = "Nothing has to be done: the push is tried again under the same key, which makes no second record."


class InsightsRefusedError(UpstreamError):
    """The insights API refused a request."""

    code = "opportunities.insights_refused"
    remedy = "Check the connection's address, scope and version; version 1.3 ended on 30 August 2026."


class InsightsUnreachableError(UnavailableError):
    """The insights API did not answer."""

    code = "opportunities.insights_unreachable"
    remedy = "Try again later, or import a file."


class AgentNotRegisteredError(UnavailableError):
    """The room's agent is not registered yet."""

    code = "opportunities.agent_not_registered"
    remedy = "Nothing has to be done: it is registered with the next import or ranking, and once a day."


class AgentRefusedError(DeniedError):
    """Governance refused the room's agent."""

    code = "opportunities.agent_refused"
    remedy = "Open the agent's page under Governance: somebody holds it, ended its permit, or a policy forbids it."


class PersonalDataRefusedError(DeniedError):
    """The agent was asked for personal data."""

    code = "opportunities.personal_data_never"
    remedy = "Ask about companies; whom to write to there stands in your CRM."
