"""What the gateway reads out of a result."""

from __future__ import annotations

from typing import Any

import pytest

from fairkeeper.gateway.wire import plain


def text(*texts: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": each} for each in texts]}


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ({"structuredContent": {"id": 1}} | text("other"), {"id": 1}),
        (text('[{"id": 1}]'), [{"id": 1}]),
        (text('{"id": 1}', '{"id": 2}'), ['{"id": 1}', '{"id": 2}']),
        (text("{not JSON"), ["{not JSON"]),
        (text("12"), ["12"]),
        (text("[" * 900 + "]" * 900), ["[" * 900 + "]" * 900]),  # Python reads it, and nobody walks through it
        (text("[" * 100_000 + "]" * 100_000), ["[" * 100_000 + "]" * 100_000]),
        ({"contents": [{"uri": "note://1", "text": "a note"}]}, ["a note"]),
        ({"messages": [{"role": "user", "content": {"type": "text", "text": "greet"}}]}, ["greet"]),
        ({"content": [{"type": "resource", "resource": {"uri": "note://1", "text": "inside"}}]}, ["inside"]),
    ],
)
def test_provenance_looks_at_the_document_or_else_at_the_texts(result: dict[str, Any], said: object) -> None:
    assert plain(result) == said
