"""How answers of the room of opportunities read on a terminal: who, how likely, how many seats, why now.

Works on the JSON form of results.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any, Final

from fairkeeper.cli.asking import Form
from fairkeeper.cli.forms import deals
from fairkeeper.cli.rendering import table


def imported_text(result: Any, *, width: int) -> str:
    """Say what became of each file and of the ranking."""
    parts = []
    for each in result["files"]:
        if each["snapshot_id"] is None:
            parts.append(f"{each['file']}: not imported")
            continue
        is_known = "" if each["is_new"] else ", imported before"
        revision = f", revision {each['revision']}" if each["revision"] > 1 else ""
        parts.append(
            f"{each['file']}: {each['rows']:,} rows of {each['tab']}, taken on {each['taken_on']}, "
            f"figures of {each['as_of']}{revision}{is_known}"
        )
    parts += [_finding(each, width) for each in result["findings"]]
    ranked = result["ranking"]
    if ranked is not None:
        parts.append(
            f"{ranked['tenants']:,} accounts ranked as of {ranked['as_of']}: {ranked['opened']} cards opened, "
            f"{ranked['closed']} closed, {ranked['alerts_opened']} alerts.\n"
            "Next: fairkeeper opportunities rank --lens expansion --top 10"
        )
    return "\n".join(parts)


def opened_text(result: Any, *, width: int) -> str:
    """Say what opened files hold: what became of each, and the first accounts."""
    parts = []
    if result["files"] and result["ranking"] is not None:
        parts.append(imported_text(result, width=width).rpartition("\nNext: ")[0])
    else:
        parts += [_finding(each, width) for each in result["findings"]]
    if result["accounts"] is not None:
        parts.append(ranked_text(result["accounts"], width=width))
    if result.get("deals") is not None:
        parts.append(deals.checked_text(result["deals"], width=width))
    if result.get("payouts") is not None:
        parts.append(_differences_text(result["payouts"], width))
    parts.append(f"Everything lies in {result['folder']}.")
    return "\n\n".join(parts)


def _differences_text(result: Any, width: int) -> str:
    """Say what became of reports of payouts, and the largest differences in them."""
    lines = []
    for each in result["files"]:
        tables = ", ".join(f"{table['rows']:,} rows of {table['report']}" for table in each.get("tables", ()))
        lines.append(f"{each['name']}: {each['state']}{f', {tables}' if tables else ''}")
    found = result["differences"]
    lines.append(f"\n{found['total']:,} differences, the largest first:")
    lines += [
        _wrapped(
            f"{number}. {each['amount'] or ''} {each['currency'] or ''} {each['message']} ({each['code']})", width, ""
        )
        for number, each in enumerate(found["findings"], 1)
    ]
    return "\n".join(lines)


def ranked_text(result: Any, *, width: int) -> str:
    """Say a ranking as blocks: who, how likely, how many seats, why now, and the evidence."""
    head = (
        f"{result['title']}: {result['question']}\n"
        f"As of {result['as_of']}, {result['total']:,} accounts, {result['snapshots']} snapshots compared, "
        f"ranking {result['run_id']}."
    )
    parts = [head, *(_wrapped(result["note"], width, "  ") for _ in [0] if result["note"])]
    parts += [_account(each, width) for each in result["accounts"]]
    if not result["accounts"]:
        parts.append("No account.")
    return "\n\n".join(parts)


def _account(each: Mapping[str, Any], width: int) -> str:
    worth = f", {each['worth']} {each['currency']}" if each["worth"] else ""
    lines = [
        (
            f"{each['rank']}. {each['name']} ({each['segment']})  {each['likelihood']:.0%} likely ({each['band']}), "
            f"{each['seats']:,.0f} seats{worth}; confidence {each['confidence']:.0%}"
        ),
        _wrapped(f"{each['motion'].capitalize()}. Why now: {each['why_now']} ({each['why_now_on']}).", width, "   "),
    ]
    lines += [_wrapped(f"+ {reason['text']} ({reason['odds']:+.1f})", width, "   ") for reason in each["reasons"]]
    lines += [_wrapped(f"- {reason['text']} ({reason['odds']:+.1f})", width, "   ") for reason in each["against"]]
    if each["missing"]:
        lines.append(_wrapped("Not known: " + "; ".join(each["missing"]) + ".", width, "   "))
    lines.append(f"   {each['tenant_id']}" + (f", card {each['card_id']}" if each["card_id"] else ""))
    return "\n".join(lines)


def explained_text(result: Any, *, width: int) -> str:
    """Say how an account stands under each lens, term by term, and its past."""
    owner = f", owner {result['owner']}" if result["owner"] else ""
    parts = [
        (
            f"{result['name']} ({result['segment']}{owner})\n{result['tenant_id']}  {result['domain']}\n"
            f"As of {result['as_of']}, ranking {result['run_id']}."
        )
    ]
    if result["note"]:
        parts.append(_wrapped(result["note"], width, ""))
    for lens in result["lenses"]:
        lines = [
            (
                f"{lens['title']}: rank {lens['rank']:,} of {lens['of']:,}, {lens['likelihood']:.0%} likely "
                f"({lens['band']}), {lens['seats']:,.0f} seats, confidence {lens['confidence']:.0%}"
            ),
            _wrapped(f"{lens['motion'].capitalize()}. Why now: {lens['why_now']} ({lens['why_now_on']}).", width, "  "),
            f"  {lens['base']:+.2f}  where everything is as usual",
        ]
        for term in lens["terms"]:
            adds = "  ?  " if term["odds"] is None else f"{term['odds']:+.2f}"
            told = f"not known: {term['description']}" if term["odds"] is None else term["text"]
            lines.append(_wrapped(f"{adds}  {told}", width, "  ", hanging=9))
        lines.append(_wrapped("It would change our mind if " + "; ".join(lens["changes"]) + ".", width, "  "))
        parts.append("\n".join(lines))
    if not result["lenses"]:
        parts.append("No lens applies to it.")
    if result["past"]:
        rows = [{name: month[name] for name in month if name != "snapshot_id"} for month in result["past"]]
        parts.append(table(rows, width=width))
    return "\n\n".join(parts)


def alerts_text(result: Any, *, width: int) -> str:
    """Say the alerts."""
    parts = [f"{each['name']}: {each['sentence']} (as of {each['as_of']}, {each['id']})" for each in result["alerts"]]
    head = f"{len(parts)} alerts in a book of {result['book']:,} ({result['share_percent']} %)."
    return "\n".join(
        [_wrapped(f"{head} {result['note']}", width, ""), *(_wrapped(each, width, "  ") for each in parts)]
    )


def compared_text(result: Any, *, width: int) -> str:
    """Say what changed between two snapshots."""
    earlier, later = result["earlier"], result["later"]
    whose = f"{result['account']} ({result['tenant_id']})" if result["tenant_id"] else "The book"
    head = (
        f"{whose} from {earlier['as_of']} ({earlier['tenants']:,} accounts) to {later['as_of']} "
        f"({later['tenants']:,} accounts)."
    )
    sums = [
        {
            "figure": each["title"],
            "before": each["before"],
            "after": each["after"],
            "known in both": each["known_in_both"],
        }
        for each in result["totals"]
    ]
    parts = [_wrapped(head, width, ""), table(sums, width=width)]
    if not result["tenant_id"]:
        changes = [
            {"account": each["name"], "figure": each["title"], "before": each["before"], "after": each["after"]}
            for each in result["changes"]
        ]
        parts.append(table(changes, width=width))
        parts.append(
            f"{result['appeared_count']:,} accounts are only in the later one, {result['missing_count']:,} only in the "
            "earlier one."
        )
    parts.append(_wrapped(result["note"], width, ""))
    return "\n\n".join(parts)


def report_text(result: Any, *, width: int) -> str:
    """Say how good the rankings were."""
    parts = [_wrapped(result["note"], width, "")]
    for lens in result["lenses"]:
        if lens["why_not"]:
            parts.append(_wrapped(f"{lens['title']}: not judged. {lens['why_not']}", width, ""))
            continue
        head = (
            f"{lens['title']}, ranked as of {lens['as_of']} and judged by {lens['until']}: {lens['outcomes']:,} of "
            f"{lens['accounts']:,} ({lens['base_rate']:.1%}). {lens['outcome']}"
        )
        rows = [
            {
                "order": each["title"],
                "lift at 50": each["lift_at_50"],
                "seats' lift at 50": each["seats_lift_at_50"],
                "precision at 50": each["precision_at_50"],
            }
            for each in lens["measures"]
        ]
        sums = (
            f"Brier {lens['brier']} against {lens['brier_of_base_rate']} of the base rate, calibration error "
            f"{lens['calibration_error']}, area under the curve {lens['area_under_curve']}. "
            f"{'Ahead of all four baselines.' if lens['is_ahead'] else 'Not ahead of every baseline.'}"
        )
        parts.append("\n".join([_wrapped(head, width, ""), table(rows, width=width), _wrapped(sums, width, "")]))
    parts.append(table(result["cards"], width=width))
    parts.append(_wrapped(result["holdout"]["note"], width, ""))
    return "\n\n".join(parts)


FORMS: Final[Mapping[str, Form]] = {
    "opportunities.rank_accounts": ranked_text,
    "opportunities.explain_account": explained_text,
    "opportunities.list_alerts": alerts_text,
    "opportunities.compare_snapshots": compared_text,
    "opportunities.report": report_text,
}
"""Forms by operation."""


def _finding(each: Mapping[str, Any], width: int) -> str:
    place = ", ".join(
        str(part)
        for part in (each.get("file"), f"row {each['row']}" if each.get("row") else "", each.get("column"))
        if part
    )
    return "\n".join(
        [f"  {each['level']} {each['code']} ({place})", _wrapped(f"{each['message']} {each['remedy']}", width, "    ")]
    )


def _wrapped(text: str, width: int, margin: str, *, hanging: int = 2) -> str:
    return textwrap.fill(
        text, max(width, 40), initial_indent=margin, subsequent_indent=margin + " " * hanging, break_on_hyphens=False
    )
