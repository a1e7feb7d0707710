"""Compares versions of Python packages, so that an advisory's range can be held against what is installed.

Source: Python packaging specification, "Version specifiers" (formerly PEP 440), summary of permitted suffixes and
relative ordering, read 2026-11-28. Local parts (`+…`) are left out: they do not order before or after an advisory's.
"""

from __future__ import annotations

import re
from typing import Final

_VERSION: Final = re.compile(
    r"v?(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)"
    r"(?:[-_.]?(?P<pre>alpha|beta|preview|pre|a|b|c|rc)[-_.]?(?P<pre_number>\d*))?"
    r"(?:(?:[-_.]?(?:post|rev|r)[-_.]?(?P<post>\d*))|-(?P<post_short>\d+))?"
    r"(?:[-_.]?(?P<dev>dev)[-_.]?(?P<dev_number>\d*))?"
    r"(?:\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?",
    re.IGNORECASE,
)
_PHASES: Final = {"a": 0, "alpha": 0, "b": 1, "beta": 1, "c": 2, "rc": 2, "pre": 2, "preview": 2}
_LONGEST: Final = 200
_FINAL: Final = (3, 0)
_DEV_OF_FINAL: Final = (-1, 0)

Key = tuple[int, tuple[int, ...], tuple[int, int], int, int]


def version_key(text: str) -> Key | None:
    """Return what a version sorts by; None where it is no version of a Python package.

    Example:
        >>> order = ["1.0.dev1", "1.0a1", "1.0rc1", "1.0", "1.0.post1", "1.1", "1!0.1"]
        >>> keys = [version_key(each) for each in order]
        >>> keys == sorted(keys), version_key("1.0") == version_key("1.0.0"), version_key("latest")
        (True, True, None)
    """
    found = _VERSION.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if found is None:
        return None
    release = [int(each) for each in found["release"].split(".")]
    while release and release[-1] == 0:
        release.pop()
    post_text = found["post"] if found["post"] is not None else found["post_short"]
    post = -1 if post_text is None else int(post_text or 0)
    is_dev = found["dev"] is not None
    if found["pre"] is not None:
        phase = (_PHASES[found["pre"].lower()], int(found["pre_number"] or 0))
    else:
        phase = _DEV_OF_FINAL if is_dev and post < 0 else _FINAL
    dev = int(found["dev_number"] or 0) if is_dev else 2**53
    return (int(found["epoch"] or 0), tuple(release), phase, post, dev)
