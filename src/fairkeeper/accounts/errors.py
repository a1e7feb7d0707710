"""Refusals of this room."""

from __future__ import annotations

from fairkeeper.errors import ConflictError, InvalidError, NotFoundError


class NamingRefusedError(InvalidError):
    """The convention makes no id of these words."""

    code = "accounts.naming_refused"
    remedy = "Give a word for each part of the pattern, or change the pattern in the structure."


class StructureUnreadableError(InvalidError):
    """The file is no structure that could be read."""

    code = "accounts.structure_unreadable"
    remedy = "Run fairkeeper accounts check FILE and mend what it finds."


class NoStructureError(NotFoundError):
    """No structure was imported yet."""

    code = "accounts.no_structure"
    remedy = "Import one: fairkeeper accounts import FILE, or the page Accounts."


class ProgrammeNotFoundError(NotFoundError):
    """No programme of this name is tracked."""

    code = "accounts.programme_not_found"
    remedy = "List them: fairkeeper verification list."


class ProgrammeExistsError(ConflictError):
    """A programme of this name is tracked already."""

    code = "accounts.programme_exists"
    remedy = "Record what happened in the one that is there, or choose another name."


class EventRefusedError(InvalidError):
    """What shall be recorded cannot have happened so."""

    code = "accounts.event_refused"
    remedy = "Name the step of a decision or submission, the change of a change, and a day that has come."


class DocumentNotFoundError(NotFoundError):
    """No document of this id is in the programme, or its content is not kept here."""

    code = "accounts.document_not_found"
    remedy = "Show the programme for its documents; one that is only referenced is where its reference says."


class DocumentRefusedError(InvalidError):
    """The document cannot be taken."""

    code = "accounts.document_refused"
    remedy = "Give a file of at most 700 kB in base64, or a reference to where it is kept."


class IncidentNotFoundError(NotFoundError):
    """No incident of this id is open."""

    code = "accounts.incident_not_found"
    remedy = "Show the programme for its incidents."


class ObservationUnreadableError(InvalidError):
    """The export or answer cannot be read as what it is said to be."""

    code = "accounts.observation_unreadable"
    remedy = "Hand over the file as Partner Center or its API wrote it, under the source it came from."
