"""How answers about policies read on a terminal: findings in full, policies in words, tests one by one."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any, Final

from fairkeeper.cli.asking import Form


def checked_text(result: Any, *, width: int) -> str:
    """Say what a check found."""
    parts = [_finding(each, width) for each in result["findings"]]
    errors, warnings = (_of_level(result, level) for level in ("error", "warning"))
    total = (
        f"{_count(result['policies'], 'policy', 'policies')}, {_count(errors, 'error')}, {_count(warnings, 'warning')}."
    )
    return "\n\n".join([*parts, total])


def explained_text(result: Any, *, width: int) -> str:
    """Say policies in words."""
    parts = []
    for each in result:
        place = f" ({each['file']}, line {each['line']})" if each["file"] and each["line"] else ""
        told = [each["words"], *([f"Why: {each['reason']}"] if each["reason"] else [])]
        parts.append("\n".join([f"{each['policy']}{place}", *(_wrapped(text, width) for text in told)]))
    return "\n\n".join(parts)


def tried_text(result: Any, *, width: int) -> str:
    """Say how tests came out."""
    lines = []
    for case in result["cases"]:
        by = f" by {', '.join(case['answered_by'])}" if case["answered_by"] else ""
        lines.append(f"{'ok  ' if case['passed'] else 'FAIL'}  {case['name']}: {case['answered']}{by}")
    parts = ["\n".join(lines)] if lines else []
    parts += [_finding(each, width) for each in result["findings"]]
    if result["never_used"]:
        parts.append(_wrapped(f"No test is answered by: {', '.join(result['never_used'])}.", width).strip())
    parts.append(f"{result['passed']} passed, {result['failed']} failed.")
    return "\n\n".join(parts)


def compared_text(result: Any, *, width: int) -> str:
    """Say what two sets differ in."""
    parts = []
    for each in result["changes"]:
        told = [f"{each['change']} {each['policy']}"]
        told += [_wrapped(f"before: {each['before']}", width)] if each["before"] else []
        told += [_wrapped(f"after: {each['after']}", width)] if each["after"] else []
        parts.append("\n".join(told))
    for each in result["examples"]:
        head = f"{each['before']} becomes {each['after']}"
        parts.append(f"{head}, where\n{_wrapped(each['call'], width)}")
    parts.append(f"The new policies: {result['widens']}. The old policies: {result['narrows']}.")
    return "\n\n".join([*parts, *(_finding(each, width) for each in result["findings"])])


def filled_text(result: Any, *, width: int) -> str:
    """Show the policies of a template as text that can be saved."""
    words = "\n".join(_wrapped(each, width) for each in result["words"])
    commented = "\n".join(f"// {line.strip()}" for line in words.splitlines())
    return "\n\n".join([commented, result["cedar"].rstrip(), *(_finding(each, width) for each in result["findings"])])


FORMS: Final[Mapping[str, Form]] = {
    "governance.check_policies": checked_text,
    "governance.explain_policies": explained_text,
    "governance.test_policies": tried_text,
    "governance.compare_policies": compared_text,
    "governance.fill_policy_template": filled_text,
}
"""Forms by operation."""


def _finding(each: Mapping[str, Any], width: int) -> str:
    places = (each["file"], f"line {each['line']}" if each["line"] else "", each["policy"])
    place = ", ".join(part for part in places if part)
    first = f"{each['level']} {each['code']}" + (f" ({place})" if place else "")
    return "\n".join([first, _wrapped(each["message"], width), _wrapped(each["remedy"], width)])


def _wrapped(text: str, width: int) -> str:
    return textwrap.fill(text, max(width, 40), initial_indent="  ", subsequent_indent="  ", break_long_words=False)


def _of_level(result: Mapping[str, Any], level: str) -> int:
    return sum(each["level"] == level for each in result["findings"])


def _count(number: int, word: str, several: str | None = None) -> str:
    return f"{number} {word if number == 1 else several or word + 's'}"
