"""What is fuzzed: each parser with inputs that it takes, and what it may answer to those that it does not.

A parser may refuse by an error of ours that is no bug, or by a finding in its answer. Anything else is a fault, and so is
an answer that takes longer than five seconds.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import httpx
import xlsxwriter

from fairkeeper.accounts.files.reading import read_structure
from fairkeeper.api.floods import FloodGate, FloodRules, read_networks
from fairkeeper.assurance.posture.answers.questionnaire import read_questionnaire
from fairkeeper.consent.plan.reading import read_plan
from fairkeeper.customers.actions.custody.adopt import read_file
from fairkeeper.customers.marketplace.operation import read_operation, read_webhook
from fairkeeper.customers.marketplace.plans import read_plans
from fairkeeper.customers.marketplace.subscription import read_subscription
from fairkeeper.deals.files.reading import read_deal
from fairkeeper.deals.sheets.tables import read_table as read_deal_table
from fairkeeper.metering.proving.verification import verify_proof
from fairkeeper.opportunities.insights.canonical import canonical_of
from fairkeeper.opportunities.insights.reading import TextTable, read_table
from fairkeeper.payouts.files.opening import open_file
from fairkeeper.payouts.files.reading import read_table as read_report
from fairkeeper.policy.analysis.reading import read_policies
from fairkeeper.policy.analysis.wording import explain
from fairkeeper.proof.canonical import canonical_bytes, read_canonical
from fairkeeper.proof.checkpoint import TreeHead, open_checkpoint, sign_checkpoint
from fairkeeper.proof.export import PlacedRecord, read_lines, write_customer_export
from fairkeeper.proof.keys import first_statement
from fairkeeper.proof.merkle import HASH_BYTES, Frontier, leaf_hash
from fairkeeper.proof.note import Note, SignerKey
from fairkeeper.proof.receipt import make_receipt, verify_receipt
from fairkeeper.proof.record import Actor, Header, Subject, leaf_entry, make_record
from fairkeeper.proof.tiles import TiledTree, decode_bundle, encode_bundle, parse_path, tile_appends
from fairkeeper.proof.trust import make_provenance
from fairkeeper.proof.verification import verify_export
from fairkeeper.token.authority import EntraAuthority
from fairkeeper.token.expectations import WebhookTokenExpectation
from fairkeeper.token.keys import SigningKeys
from fairkeeper.token.validator import EntraTokenValidator
from fairkeeper.values.clock import SystemClock
from fairkeeper.values.ids import TenantId

EXAMPLES: Final = Path(__file__).parent.parent / "examples"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One parser.

    Attributes:
        seeds: Inputs that it takes.
        read: Reads one; it may raise errors of ours that are no bug.
        is_taken: Whether the seeds are taken; of a token none is, since nobody here can sign one.
    """

    name: str
    seeds: Callable[[], Sequence[bytes]]
    read: Callable[[bytes], object]
    is_taken: bool = True


def _files(*patterns: str) -> Callable[[], Sequence[bytes]]:
    def read() -> Sequence[bytes]:
        return [path.read_bytes() for pattern in patterns for path in sorted(EXAMPLES.glob(pattern))]

    return read


def _text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: read(data.decode("utf-8", "replace"))


def _document(read: Callable[[dict[str, Any]], object]) -> Callable[[bytes], object]:
    """Read what Microsoft sends: a JSON object, or nothing that gets so far."""

    def from_bytes(data: bytes) -> object:
        try:
            document = json.loads(data)
        except (ValueError, RecursionError):
            return None
        return read(document) if isinstance(document, dict) else None

    return from_bytes


# -------------------- the log's files


@dataclass(frozen=True, slots=True, kw_only=True)
class _Log:
    export: bytes
    receipt: bytes
    checkpoint: bytes
    key: SignerKey
    bundle: bytes


class _Tiles:
    def __init__(self) -> None:
        self.kept: dict[tuple[int, int], bytes] = {}

    def read(self, level: int, index: int, width: int) -> bytes:
        return self.kept[level, index][: width * HASH_BYTES]


@cache
def _log() -> _Log:
    """Return a small log with everything that is handed out of it."""
    key = SignerKey.from_seed("fuzz.example/log", b"\x01" * 32)
    tiles, frontier, placed, entries = _Tiles(), Frontier(), [], []
    for number in range(4):
        header = Header(
            actor=Actor(id="per_1", kind="person"),
            at="2026-11-22T08:30:00.000000Z",
            cause=None,
            customer="cus_1",
            id=f"ent_{number}",
            kind="evidence.export_requested/1" if number == 3 else "customers.subscription_activated/1",
            on_behalf_of=None,
            operation="customers.activate_subscription",
            request="req_1",
            subject=Subject(id="sub_1", type="subscription"),
        )
        told = {"entries": 4} if number == 3 else {"plan": "gold", "seats": 5}
        record = make_record(header, told, header_salt=bytes([number]) * 32, payload_salt=bytes([number]) * 32)
        place = PlacedRecord(record=record, customer_index=number, leaf_index=number)
        entry = leaf_entry(record.header, number, record.header_salt)
        grown = frontier.extend([leaf_hash(entry)])
        frontier = grown.frontier
        for append in tile_appends(grown):
            tiles.kept[append.level, append.index] = tiles.kept.get((append.level, append.index), b"") + append.data
        placed.append(place)
        entries.append(entry)
    checkpoint = sign_checkpoint(TreeHead(key.name, 4, frontier.root()), [key])
    provenance = make_provenance(checkpoint, [first_statement(key)], [])
    tree = TiledTree(tiles, 4)
    return _Log(
        export=b"".join(write_customer_export(provenance, "cus_1", placed, count=4, tree=tree)),
        receipt=make_receipt(provenance, placed[0], tree),
        checkpoint=checkpoint,
        key=key,
        bundle=encode_bundle(entries),
    )


# -------------------- spreadsheets and reports


def _workbook(rows: Iterable[Sequence[object]]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("Sheet1")
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, [str(cell) for cell in row])
    book.close()
    return out.getvalue()


_REVENUE: Final = (
    (
        "PurchaseRecordId",
        "LineItemId",
        "AssetId",
        "BillingModel",
        "MonthStartDate",
        "PayoutStatus",
        "Revenue",
        "Currency",
    ),
    ("0de40000-0001", "1", "a55e7000-0001", "UsageBased", "2026-11-01", "Sent", "1,234.50", "EUR"),
    ("0de40000-0002", "1", "a55e7000-0002", "SubscriptionBased", "2026-11-01", "Unprocessed", "-12.00", "USD"),
)
_CAMT: Final = b"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><Stmt><Id>1</Id><Ntry><Amt Ccy="EUR">11.64</Amt>
<CdtDbtInd>CRDT</CdtDbtInd><BookgDt><Dt>2026-11-22</Dt></BookgDt><NtryDtls><TxDtls><RmtInf><Ustrd>MICROSOFT 2026</Ustrd></RmtInf>
</TxDtls></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>"""
_OFX: Final = b"""OFXHEADER:100
DATA:OFXSGML
VERSION:102

<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD<BANKTRANLIST><STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20261122<TRNAMT>11.64
<FITID>1<NAME>MICROSOFT<MEMO>2026</STMTTRN></BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"""


def _csv(rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


@cache
def _reports() -> Sequence[bytes]:
    plain = _csv(_REVENUE)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("revenue.csv", plain)
    return [
        plain,
        plain.decode().encode("utf-16"),
        _workbook(_REVENUE),
        packed.getvalue(),
        gzip.compress(plain),
        _CAMT,
        _OFX,
    ]


def _read_report(data: bytes) -> object:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "file"
        path.write_bytes(data)
        (folder / "open").mkdir()
        opened = open_file(path, "report.csv", folder / "open")
        return [
            read_report(member, folder / f"{number}.parquet", folder / f"work-{number}", file_id="f")
            for number, member in enumerate(opened.members)
        ]


@cache
def _insights() -> Sequence[bytes]:
    heads = ("TenantId", "Customer Name", "Copilot Available Units", "Copilot PAU", "Copilot MAU", "Segment", "Country")
    rows = (heads, ("0f1e2d3c-0000-4000-8000-000000000001", "Contoso", "120", "88", "64", "SMB", "DE"))
    return [_csv(rows), _workbook(rows)]


def _read_insights(data: bytes) -> object:
    found = read_table("copilot-2026-11-28.csv", data)
    return canonical_of(found) if isinstance(found, TextTable) else found


@cache
def _lists_of_deals() -> Sequence[bytes]:
    rows = (("Name", "Customer", "Total", "Starts"), ("Contoso three years", "Contoso", "800,000.00", "2027-01-01"))
    return [_csv(rows), _workbook(rows)]


def _questionnaires() -> Sequence[bytes]:
    rows = (
        ("Ref", "Question", "Answer"),
        ("A-1", "Do you encrypt data at rest?", ""),
        ("A-2", "Who reads the logs?", ""),
    )
    return [_csv(rows), _workbook(rows)]


# -------------------- what Microsoft sends


_SUBSCRIPTION: Final = {
    "id": "7a6f1d5c-0000-4000-8000-000000000001",
    "name": "Contoso",
    "publisherId": "fairmile",
    "offerId": "fairmile-assistant",
    "planId": "team",
    "quantity": 10,
    "saasSubscriptionStatus": "Subscribed",
    "beneficiary": {"tenantId": "c0000001-0000-4000-8000-000000000001", "objectId": "o", "emailId": "a@b.example"},
    "purchaser": {"tenantId": "c0000001-0000-4000-8000-000000000001", "objectId": "o", "emailId": "a@b.example"},
    "term": {"termUnit": "P1M", "startDate": "2026-11-01", "endDate": "2026-12-01"},
    "allowedCustomerOperations": ["Read", "Update", "Delete"],
    "autoRenew": True,
    "created": "2026-11-01T08:00:00Z",
}
_OPERATION: Final = {
    "id": "be750acb-0000-4000-8000-000000000001",
    "activityId": "be750acb-0000-4000-8000-000000000001",
    "subscriptionId": _SUBSCRIPTION["id"],
    "offerId": "fairmile-assistant",
    "publisherId": "fairmile",
    "planId": "team",
    "quantity": 20,
    "action": "ChangeQuantity",
    "timeStamp": "2026-11-22T12:00:00.1234567Z",
    "status": "InProgress",
    "subscription": _SUBSCRIPTION,
}
_PLANS: Final = {
    "plans": [{"planId": "team", "displayName": "Team", "isPrivate": True, "sourceOffers": [{"externalId": "x"}]}]
}


def _bodies(*documents: object) -> Callable[[], Sequence[bytes]]:
    return lambda: [json.dumps(each).encode() for each in documents]


_TENANT: Final = "a0000000-0000-4000-8000-000000000001"


@cache
def _validator() -> EntraTokenValidator:
    def refused(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(404)

    keys = SigningKeys(
        EntraAuthority.parse("https://login.microsoftonline.com"),
        client_factory=lambda: httpx.Client(transport=httpx.MockTransport(refused)),
        clock=SystemClock(),
    )
    return EntraTokenValidator(keys, clock=SystemClock())


def _validate(text: str) -> object:
    expectation = WebhookTokenExpectation(audience=_TENANT, tenant_id=TenantId(_TENANT), caller_app_id=_TENANT)
    return _validator().validate(text, expectation)


@cache
def _tokens() -> Sequence[bytes]:
    import base64

    def part(document: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()

    claims = {
        "aud": _TENANT,
        "iss": f"https://sts.windows.net/{_TENANT}/",
        "tid": _TENANT,
        "ver": "1.0",
        "exp": 2_000_000_000,
    }
    heads = (
        {"alg": "RS256", "typ": "JWT", "kid": "k1"},
        {"alg": "none"},
        {"alg": "RS256", "kid": "k1", "crit": ["b64"]},
    )
    return [f"{part(head)}.{part(claims)}.{'A' * 40}".encode() for head in heads]


_GATE: Final = FloodGate(
    lambda *_: None,  # type: ignore[arg-type]
    rules=FloodRules(trusted_proxies=read_networks("10.0.0.0/8")),
)


def _forwarded(data: bytes) -> object:
    return _GATE.key_of({"client": ("10.0.0.1", 1), "headers": [(b"x-forwarded-for", data[:8000])], "type": "http"})


def _round(data: bytes) -> object:
    value = read_canonical(data)
    assert canonical_bytes(value) == data  # noqa: S101 - what is read is exactly what is written
    return value


def _policies(text: str) -> object:
    return [explain(policy) for policy in read_policies(text)]


def _lines_of(verify: Callable[[Iterator[bytes]], object]) -> Callable[[bytes], object]:
    return lambda data: verify(read_lines(io.BytesIO(data)))


TARGETS: Final[tuple[Target, ...]] = (
    Target(name="canonical", seeds=lambda: [b'{"a":[1,true,null],"b":"x"}', b"{}", b'"\xc3\xa9"'], read=_round),
    Target(name="note", seeds=lambda: [_log().checkpoint], read=Note.parse),
    Target(
        name="checkpoint",
        seeds=lambda: [_log().checkpoint],
        read=lambda data: open_checkpoint(data, [_log().key.verifier]),
    ),
    Target(
        name="tile-path",
        seeds=lambda: [b"/log/tile/0/000", b"/log/tile/entries/x001/000.p/5", b"/log/tile/8/x001/x002/003"],
        read=_text(parse_path),
    ),
    Target(name="bundle", seeds=lambda: [_log().bundle], read=lambda data: decode_bundle(data, 4)),
    Target(name="receipt", seeds=lambda: [_log().receipt], read=verify_receipt),
    Target(name="export", seeds=lambda: [_log().export], read=_lines_of(verify_export)),
    Target(
        name="usage-proof",
        seeds=lambda: [_log().export, _log().export.replace(b"export/1", b"usage-proof/1")],
        read=_lines_of(verify_proof),
    ),
    Target(name="token", seeds=_tokens, read=_text(_validate), is_taken=False),
    Target(name="webhook", seeds=_bodies(_OPERATION), read=_document(read_webhook)),
    Target(name="operation", seeds=_bodies(_OPERATION), read=_document(read_operation)),
    Target(name="subscription", seeds=_bodies(_SUBSCRIPTION), read=_document(read_subscription)),
    Target(name="plans", seeds=_bodies(_PLANS), read=_document(read_plans)),
    Target(name="deal", seeds=_files("deals/*.yaml", "deals/faults/*.yaml"), read=_text(read_deal)),
    Target(name="deal-list", seeds=_lists_of_deals, read=read_deal_table),
    Target(name="questionnaire", seeds=_questionnaires, read=read_questionnaire),
    Target(name="consent-plan", seeds=_files("consent/*.yaml"), read=_text(read_plan)),
    Target(name="structure", seeds=_files("accounts/*.yaml", "accounts/faults/*.yaml"), read=_text(read_structure)),
    Target(name="policies", seeds=_files("policies/*.cedar"), read=_text(_policies)),
    Target(
        name="adoption",
        seeds=lambda: [
            b"AMPSubscriptionId,SubscriptionStatus,AMPPlanId,AMPQuantity\n0b1f0000-0000-4000-8000-000000000001,Subscribed,team,5\n"
        ],
        read=_text(lambda text: list(read_file(text))),
    ),
    Target(name="insights", seeds=_insights, read=_read_insights),
    Target(name="report", seeds=_reports, read=_read_report),
    Target(
        name="forwarded-for",
        seeds=lambda: [b"203.0.113.9, 10.1.2.3", b'"[2001:db8::1]:443", 10.0.0.1'],
        read=_forwarded,
    ),
)
"""Every parser of what strangers wrote."""
