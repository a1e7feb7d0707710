"""Refusals of bundles of policies."""

from __future__ import annotations

from fairkeeper.errors import ConflictError, InvalidError, NotFoundError


class BundleRefusedError(InvalidError):
    """Policies are not saved, because something is wrong with them or a test of theirs fails."""

    code = "governance.policies_refused"
    remedy = "Correct what the message names; `fairkeeper policy check` says all of it, with lines."


class BundleNotFoundError(NotFoundError):
    """There is no bundle of this number here."""

    code = "governance.bundle_not_found"


class BundleStateError(ConflictError):
    """The bundle is in force, or tried, already."""

    code = "governance.bundle_state"
    remedy = "Nothing has to be done."
