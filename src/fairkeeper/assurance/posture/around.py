"""Controls around the agents: who signs in, who sees what, what is kept, what is told, each with tests that show it.

Separate from the controls that stand against an outside list of risks, because these answer what a customer's
questionnaire asks beside agents. The same test of this project holds both to their tests.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from fairkeeper.assurance.posture.controls import CONTROLS, Control

_ACCESS: Final = "tests/actions/access/"
_KEEPING: Final = "tests/actions/assurance/test_keeping.py::"
_REVOCATION: Final = "tests/actions/consent/test_revocation.py::"
_SCANS: Final = "tests/actions/assurance/test_scanning.py::"
_WEAK: Final = "tests/unit/assurance/test_weaknesses.py::"
_WEB: Final = "tests/channels/web/"

_AROUND: Final = (
    Control(
        id="sign_in",
        name="People sign in with their own organisation's account",
        says="Sign-in is Microsoft Entra's; no password is kept here. A session ends after 12 idle hours or 7 days.",
        tests=(
            f"{_ACCESS}test_sign_in.py::test_unknown_staff_are_refused_whatever_their_address_says",
            f"{_ACCESS}test_authentication.py::test_a_session_ends_after_twelve_idle_hours",
        ),
    ),
    Control(
        id="roles",
        name="Every operation asks whether the role may",
        says="Roles are policies; each operation and page is tried with each role; what is not permitted is a no.",
        tests=(
            "tests/channels/test_role_matrix.py::test_the_door_of_every_operation_asks_whether_the_role_may",
            f"{_ACCESS}test_authentication.py::test_changed_roles_hold_from_the_next_request_on",
        ),
    ),
    Control(
        id="leavers",
        name="Who is removed is out at once",
        says="Removing a person ends their sessions; a token that is revoked is worthless with the next request.",
        tests=(
            f"{_ACCESS}test_sign_in.py::test_a_removed_person_is_refused_and_signed_out",
            f"{_ACCESS}test_tokens.py::test_a_revoked_token_is_worthless_at_once",
        ),
    ),
    Control(
        id="separation",
        name="A customer's session reaches that customer's rows alone",
        says="The database and every channel hold it: ids of another customer are ids of nobody, as the tests try.",
        tests=(
            "tests/database/test_row_security.py::test_every_table_of_customers_is_guarded_and_binds_its_owner_too",
            "tests/channels/test_two_tenants.py::test_an_id_of_another_customer_is_an_id_of_nobody",
        ),
    ),
    Control(
        id="secrets",
        name="Secrets are sealed and shown nowhere",
        says="Client secrets and signing keys are encrypted with a master key outside the database, and keys rotate.",
        tests=(
            "tests/database/test_secrets.py::test_a_stored_secret_comes_back_and_the_table_holds_it_sealed",
            "tests/database/test_secrets.py::test_rotation_moves_every_secret_under_the_new_key",
        ),
    ),
    Control(
        id="retention",
        name="Data is kept for a set time and then erased",
        says="Days are set for each class of data and each customer; what is older is erased daily, with a receipt.",
        tests=(f"{_KEEPING}test_retention_by_class_and_customer_erases_what_is_older_and_nothing_else",),
    ),
    Control(
        id="erasure",
        name="Erasing is done on request, and proved",
        says="Payloads go, the log still verifies, and a signed receipt says what was erased and what stays.",
        tests=(
            f"{_KEEPING}test_one_person_gets_what_is_kept_and_can_be_erased_without_being_named_in_the_proof",
            "tests/actions/customers/test_whole_path.py::test_the_log_verifies_after_the_erasure_and_the_export_says_erased",
        ),
    ),
    Control(
        id="holds",
        name="A legal hold stops erasure",
        says="While one stands nothing of the customer's data is erased, by nobody and by no rule.",
        tests=(f"{_KEEPING}test_a_legal_hold_stops_retention_requests_and_single_erasure_until_it_is_lifted",),
    ),
    Control(
        id="subjects",
        name="One person's data is handed out on request",
        says="Everything kept about a person as one document; that it was handed out is recorded.",
        tests=(f"{_KEEPING}test_one_person_gets_what_is_kept_and_can_be_erased_without_being_named_in_the_proof",),
    ),
    Control(
        id="incidents",
        name="Incidents have a runbook, a reach, notices with deadlines and a review",
        says="Who is affected is computed from the record; notices to customers and authorities are drafted.",
        tests=(f"{_WEB}test_incidents_in_browser.py::test_an_exfiltration_becomes_a_finished_incident_package",),
    ),
    Control(
        id="forwarding",
        name="A customer's own security operations hear of it",
        says="Events go to the customer's receiver (OCSF, Microsoft Sentinel, syslog, OpenTelemetry), none is lost.",
        tests=(
            "tests/contracts/test_event_receivers.py::test_a_workspace_that_fails_for_an_hour_loses_nothing",
            "tests/contracts/test_event_receivers.py::test_a_customers_receiver_is_never_called_in_the_publishers_network",
        ),
    ),
    Control(
        id="transparency",
        name="A customer's people can read what an agent does and how to stop it",
        says="One page for each agent: intended use, limits, lanes in words, data, people, evaluation, how to pause.",
        tests=(f"{_WEB}test_transparency.py::test_every_question_of_a_customers_reader_is_answered_in_its_section",),
    ),
    Control(
        id="inventory",
        name="What the installation is made of is listed",
        says="Every installed package with version and licence, as a CycloneDX document read where the server runs.",
        tests=(
            "tests/unit/assurance/test_inventory.py::test_every_installed_package_stands_in_it_once_with_its_version",
        ),
    ),
    Control(
        id="weaknesses",
        name="The installation is looked at for weaknesses",
        says="Interfaces, configuration, dependencies and secrets, daily; what is found has first and last seen.",
        tests=(
            f"{_SCANS}test_a_weakness_is_first_seen_once_seen_again_gone_and_open_anew",
            f"{_WEAK}test_an_installed_version_in_a_range_is_found_under_any_spelling_of_the_name",
        ),
    ),
    Control(
        id="drills",
        name="Runbooks are practised",
        says="A drill opens a marked incident, pauses an agent really, times each step, and is undone.",
        tests=("tests/actions/assurance/test_drills.py::test_a_drill_from_its_start_to_its_end",),
    ),
    Control(
        id="backups",
        name="A backup made under load is whole",
        says="Backups are the operator's, with documented commands; a restored older log is noticed by its witnesses.",
        tests=(
            "tests/actions/evidence/test_backup_under_load.py::test_a_copy_of_sqlite_made_under_load_is_whole",
            "tests/actions/evidence/test_keys_and_witnesses.py::test_a_log_restored_from_an_old_copy_is_caught",
        ),
    ),
    Control(
        id="edges",
        name="What comes from outside is bounded",
        says="Guessing is slowed down, bodies and headers are bounded, forms carry the session's token.",
        tests=(
            "tests/channels/api/test_floods.py::test_whoever_guesses_tokens_waits_before_the_next_is_looked_at",
            "tests/channels/test_bad_input.py::test_a_flood_of_headers_or_words_is_refused",
            f"{_WEB}test_forms_are_guarded.py::test_a_form_of_another_site_is_refused_even_with_the_token",
        ),
    ),
    Control(
        id="consent",
        name="Permissions are asked for when they are needed, and explained",
        says="Each permission has its feature, its sentence and its narrower choice; what is too broad is a finding.",
        tests=("tests/unit/consent/test_plan.py::test_each_fault_gives_its_own_finding_and_nothing_else",),
    ),
    Control(
        id="revocation",
        name="A customer can take everything back",
        says="Within a second no token is served and no job starts; a receipt names what only the customer can remove.",
        tests=(f"{_REVOCATION}test_within_a_second_no_token_is_served_and_no_job_starts_and_others_go_on",),
    ),
)
AROUND: Final = MappingProxyType({each.id: each for each in _AROUND})
EVERY_CONTROL: Final = MappingProxyType({**CONTROLS, **AROUND})
"""Those against the lists of risks, and those around the agents."""
