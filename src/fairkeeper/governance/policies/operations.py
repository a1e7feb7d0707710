"""Everything that is done with policies, as one list for the registry."""

from __future__ import annotations

from fairkeeper.action.operation import Operation
from fairkeeper.governance.policies.bundle_queries import list_policies, show_policies
from fairkeeper.governance.policies.bundles import activate_policies, put_in_force, save_policies, try_policies
from fairkeeper.governance.policies.checking import (
    check_policies,
    compare_policies,
    explain_policies,
    fill_template,
    list_templates,
    test_policies,
)

OPERATIONS: tuple[Operation, ...] = (
    check_policies,
    explain_policies,
    test_policies,
    compare_policies,
    list_templates,
    fill_template,
    save_policies,
    activate_policies,
    put_in_force,
    try_policies,
    list_policies,
    show_policies,
)
