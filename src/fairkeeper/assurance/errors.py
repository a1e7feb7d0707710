"""Refusals of the room `assurance`."""

from __future__ import annotations

from fairkeeper.errors import ConflictError, InvalidError, NotFoundError


class SuiteNotFoundError(NotFoundError):
    """There is no such suite for this principal."""

    code = "assurance.suite_not_found"


class IncidentNotFoundError(NotFoundError):
    """There is no such incident for this principal."""

    code = "assurance.incident_not_found"


class SignalNotFoundError(NotFoundError):
    """There is no such signal for this principal."""

    code = "assurance.signal_not_found"


class NoticeNotFoundError(NotFoundError):
    """The incident has no such notice."""

    code = "assurance.notice_not_found"


class SuiteUnreadableError(InvalidError):
    """The file is no suite."""

    code = "assurance.suite_unreadable"
    remedy = "Write scenarios with a tool, arguments and the expected decision, and at least one criterion."


class ReleaseRefusedError(ConflictError):
    """A criterion of release is not met, or was not measured."""

    code = "assurance.release_refused"
    remedy = "Run the suites for this version, mend what they show, and promote it then."


class IncidentStateError(ConflictError):
    """The incident is in another state."""

    code = "assurance.incident_state"
    remedy = "Read the incident's present state, and decide again."


class EventInvalidError(ConflictError):
    """An entry cannot be told as an event that keeps to its schema."""

    code = "assurance.event_invalid"
    remedy = "Report the entry's id to whoever maintains Fairkeeper; ask from the place after it meanwhile."


class DestinationNotFoundError(NotFoundError):
    """There is no such destination for this principal."""

    code = "assurance.destination_not_found"


class HoldNotFoundError(NotFoundError):
    """There is no such hold for this principal, or it was lifted."""

    code = "assurance.hold_not_found"


class PersonUnknownError(NotFoundError):
    """Nothing that is kept names this person."""

    code = "assurance.person_unknown"
    remedy = "Give the id as it stands in the decisions, or the person's mail address."


class DestinationInvalidError(InvalidError):
    """A destination could not work as it is asked for."""

    code = "assurance.destination_invalid"
    remedy = "Correct what the message names; docs/how-to/forward-events.md says what each kind needs."


class QuestionnaireUnreadableError(InvalidError):
    """The file is no questionnaire that can be read."""

    code = "assurance.questionnaire_unreadable"
    remedy = "Save it as xlsx or as CSV in UTF-8, with one question a row."


class StatementsUnreadableError(InvalidError):
    """The file of statements that questionnaires are answered with cannot be used."""

    code = "assurance.statements_unreadable"
    remedy = "Correct what the message names; docs/how-to/answer-a-questionnaire.md shows the form."


class WeaknessNotFoundError(NotFoundError):
    """There is no such weakness."""

    code = "assurance.weakness_not_found"


class DrillNotFoundError(NotFoundError):
    """There is no such drill for this principal."""

    code = "assurance.drill_not_found"


class DrillRefusedError(ConflictError):
    """The drill cannot be done so."""

    code = "assurance.drill_refused"
    remedy = "Take an agent in test, or say that a live one is meant."
