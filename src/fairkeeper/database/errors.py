"""What can be wrong with a database; each code says what to mend."""

from __future__ import annotations

from fairkeeper.errors import BugError, ConflictError, InvalidError, UnavailableError


class DatabaseUnavailableError(UnavailableError):
    """The database did not answer, or had no room or time for us."""

    code = "database.unavailable"
    remedy = "Check that the database runs, is reachable and has disk space; the request can be sent again."


class ValueRefusedError(InvalidError):
    """A value does not fit the column it should go to; nothing was written."""

    code = "database.value_refused"
    remedy = "Send shorter texts and smaller numbers."


class UnsafeDatabaseError(ConflictError):
    """The database is set so that an answer given could be lost, or so that one customer could see another."""

    code = "database.unsafe"
    remedy = "Correct the setting named in the message; the server refuses to start until then."


class SchemaBehindError(ConflictError):
    """The tables are not those of this version."""

    code = "database.schema_behind"
    remedy = "Run `fairkeeper database migrate` with the owner's address, then start again."


class TenantGuardError(BugError):
    """Our own code tried to reach over a customer's border; nothing was read or written."""

    code = "database.tenant_guard"
