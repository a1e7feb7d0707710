"""What the AADSTS numbers mean for us; numbers are matched and never texts, which Microsoft may change.

Source: Microsoft Learn, "Microsoft Entra authentication and authorization error codes".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

OWN_CREDENTIAL: Final = frozenset({7000215, 7000218, 7000222, 700027, 700024, 7000216, 50012})
"""Wrong, missing or expired secret, bad or expired assertion."""

OWN_REGISTRATION: Final = frozenset({700016, 90002, 900023, 90038, 50011, 500112, 500113, 50194, 90008, 650053, 700054})
"""Unknown application or tenant, wrong cloud, redirect address not registered, not multi-tenant, permission missing.

The first three are ours where we ask with our own tenant or application; in a customer's tenant they mean something
else, which the consent room decides.
"""

NEEDS_ADMIN: Final = frozenset({90094, 90095, 65001})
"""An administrator has to approve; 65001: nobody has consented yet."""

DECLINED: Final = frozenset({65004})
"""The person declined to consent."""

_NUMBER: Final = re.compile(r"AADSTS([0-9]{5,8})")


def error_numbers(answer: Mapping[str, Any]) -> frozenset[int]:
    """Return the AADSTS numbers of an error: those of `error_codes`, and those its description names.

    Example:
        >>> sorted(error_numbers({"error": "access_denied", "error_description": "AADSTS65004: declined"}))
        [65004]
    """
    listed = answer.get("error_codes")
    numbers = {number for number in listed if isinstance(number, int)} if isinstance(listed, list) else set()
    described = answer.get("error_description")
    if isinstance(described, str):
        numbers |= {int(found) for found in _NUMBER.findall(described)}
    return frozenset(numbers)
