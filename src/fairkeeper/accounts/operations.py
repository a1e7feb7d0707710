"""Everything this room can do, as one list for the registry."""

from __future__ import annotations

from fairkeeper.accounts.actions.check_file import check_file, draw_file, propose_id
from fairkeeper.accounts.actions.keep_documents import add_document, remove_document
from fairkeeper.accounts.actions.state_structure import (
    adopt_seen,
    ask_products,
    import_structure,
    observe_file,
    record_products,
)
from fairkeeper.accounts.actions.track_verification import open_programme, record_event
from fairkeeper.accounts.actions.warn import close_incident, give_warnings, open_incident
from fairkeeper.accounts.queries import draw_structure, list_differences, show_structure
from fairkeeper.accounts.verification.tracking import (
    fetch_appeal,
    fetch_document,
    list_dues,
    list_incidents,
    list_programmes,
    show_programme,
)
from fairkeeper.action.operation import Operation

OPERATIONS: tuple[Operation, ...] = (
    check_file,
    draw_file,
    propose_id,
    import_structure,
    adopt_seen,
    observe_file,
    ask_products,
    record_products,
    show_structure,
    draw_structure,
    list_differences,
    open_programme,
    record_event,
    add_document,
    remove_document,
    give_warnings,
    open_incident,
    close_incident,
    list_programmes,
    show_programme,
    list_dues,
    list_incidents,
    fetch_document,
    fetch_appeal,
)
