"""The publisher's look of the landing page: set for everything, an offer or a plan; whole by a file; and its logo."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import (
    SYSTEM_ONLY,
    CommandContext,
    EvidenceDraft,
    Operation,
    OperationInput,
    Outcome,
    QueryContext,
    TextFile,
    command,
    query,
)
from fairkeeper.customers.errors import LandingLookRefusedError
from fairkeeper.customers.evidence_kinds import LANDING_LOGO_SET, LANDING_LOOK_SET
from fairkeeper.customers.path.landing_look import (
    LARGEST_LOGO_BYTES,
    FieldType,
    LandingLook,
    Level,
    LookField,
    look_for,
    media_type_of,
    problems_of,
    read_logo,
)
from fairkeeper.customers.tables import LandingLogoRow, LandingLookRow

_LOGO: Final = 1


class FieldInput(BaseModel):
    """A field of the landing page."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(max_length=40, description="By which programs know the answer: small letters, digits, _.")
    label: str = Field(max_length=120, description="What the buyer reads.")
    type: FieldType = Field(FieldType.TEXT, description="What is answered.")
    required: bool = Field(True, description="Whether activation waits for it.")
    hint: str = Field("", max_length=300, description="What helps to answer.")
    choices: list[str] = Field(default_factory=list, max_length=50, description="What may be chosen.")


class LevelInput(BaseModel):
    """What is said for everything, for an offer, or for one of its plans."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    offer: str = Field("", max_length=120, description="The offer's id; empty for everything.")
    plan: str = Field("", max_length=120, description="The plan's id; empty for the whole offer.")
    product_name: str = Field("", max_length=120, description="What the product is called.")
    welcome: str = Field("", max_length=500, description="A sentence above what was bought.")
    support_url: str = Field("", max_length=500, description="Where to ask: https or mailto:.")
    terms_url: str = Field("", max_length=500, description="The terms of use, https.")
    privacy_url: str = Field("", max_length=500, description="The privacy statement, https.")
    fields: list[FieldInput] = Field(default_factory=list, max_length=40, description="What is asked.")

    @property
    def look(self) -> LandingLook:
        """What is said."""
        said = self.model_dump(exclude={"offer", "plan", "fields"})
        return LandingLook(
            **said,
            fields=tuple(
                LookField(
                    name=each.name,
                    label=each.label,
                    type=each.type,
                    is_required=each.required,
                    hint=each.hint,
                    choices=tuple(each.choices),
                )
                for each in self.fields
            ),
        )


class SetLandingLook(OperationInput):
    """What is said on one level; where all of it is empty, the level is taken away."""

    offer: str = Field("", max_length=120, description="The offer's id; empty for everything.")
    plan: str = Field("", max_length=120, description="The plan's id; empty for the whole offer.")
    product_name: str = Field("", max_length=120, description="What the product is called.")
    welcome: str = Field("", max_length=500, description="A sentence above what was bought.")
    support_url: str = Field("", max_length=500, description="Where to ask: https or mailto:.")
    terms_url: str = Field("", max_length=500, description="The terms of use, https.")
    privacy_url: str = Field("", max_length=500, description="The privacy statement, https.")
    fields: list[FieldInput] = Field(default_factory=list, max_length=40, description="What is asked.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LookLine:
    """A level, and what is said on it."""

    offer: str
    plan: str
    look: LandingLook


@command(
    "customers.set_landing_look",
    groups=("customers.configure",),
    evidence=(LANDING_LOOK_SET,),
    http="PUT /landing/look",
    cli="customers set-landing-look",
)
def set_landing_look(context: CommandContext, request: SetLandingLook) -> Outcome[LookLine]:
    """Say how the landing page looks and what it asks: for everything, for an offer, or for a plan of it.

    A plan's words go before its offer's, and those before what is said for everything; fields add up.

    Raises `customers.landing_look_refused`.
    """
    level = LevelInput.model_validate(request.model_dump())
    _refuse(level)
    is_new = _keep(context, level)
    result = LookLine(offer=level.offer, plan=level.plan, look=level.look)
    if not is_new:
        return Outcome(result=result, entry=None)
    return Outcome(result=result, entry=_entry([level]))


class ApplyLandingFile(OperationInput):
    """Which file."""

    file: TextFile = Field(description="The landing pages in YAML or JSON: a list of levels.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingFileApplied:
    """How many levels hold now."""

    levels: int
    has_logo: bool


@command(
    "customers.apply_landing",
    groups=("customers.configure",),
    evidence=(LANDING_LOOK_SET,),
    http="POST /landing/look",
    cli="customers apply-landing FILE",
)
def apply_landing(context: CommandContext, request: ApplyLandingFile) -> Outcome[LandingFileApplied]:
    """Put a file's landing pages in place of all that was said before; the logo stays unless the file has one.

    Raises `customers.landing_look_refused`, naming the place in the file, and then changes nothing.
    """
    levels, logo = _read(request.file)
    context.session.execute(delete(LandingLookRow))
    context.session.flush()
    for level in levels:
        _keep(context, level)
    if logo:
        _keep_logo(context, logo)
    return Outcome(result=LandingFileApplied(levels=len(levels), has_logo=bool(logo)), entry=_entry(levels))


class SetLandingLogo(OperationInput):
    """Which picture."""

    content: str = Field("", max_length=300_000, description="PNG, JPEG or WebP in base64; nothing takes it away.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoSet:
    """The picture's digest; empty where there is none now."""

    digest: str


@command(
    "customers.set_landing_logo",
    groups=("customers.configure",),
    evidence=(LANDING_LOGO_SET,),
    http="PUT /landing/logo",
    cli="customers set-landing-logo",
)
def set_landing_logo(context: CommandContext, request: SetLandingLogo) -> Outcome[LogoSet]:
    """Set the logo of the landing page: PNG, JPEG or WebP of at most 200 kB. Without a picture it is taken away.

    Raises `customers.landing_look_refused`.
    """
    digest = ""
    if request.content:
        digest = _keep_logo(context, request.content)
    else:
        context.session.execute(delete(LandingLogoRow))
    entry = EvidenceDraft(
        kind=LANDING_LOGO_SET.name, subject_type="landing", subject_id="logo", payload={"digest": digest}
    )
    return Outcome(result=LogoSet(digest=digest), entry=entry)


class ListLandingLooks(OperationInput):
    """Nothing to say."""


@query(
    "customers.list_landing_looks",
    groups=("customers.read_rules",),
    http="GET /landing/look",
    cli="customers landing-looks",
)
def list_landing_looks(context: QueryContext, _request: ListLandingLooks) -> tuple[LookLine, ...]:
    """List what is said of the landing page on each level, the general one first."""
    return tuple(
        LookLine(offer=offer, plan=plan, look=look)
        for (offer, plan), look in sorted(levels_of(context.session).items())
    )


class ShowLandingLook(OperationInput):
    """For which plan."""

    offer_id: str = Field("", max_length=120, description="The offer's id; empty before anybody is known.")
    plan_id: str = Field("", max_length=120, description="The plan's id.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LookShown:
    """What holds for a page, and the logo's digest; empty without one."""

    look: LandingLook
    logo: str


@query("customers.show_landing_look", groups=SYSTEM_ONLY, mcp=False)
def show_landing_look(context: QueryContext, request: ShowLandingLook) -> LookShown:
    """Say how the landing page looks for a plan, or before it is known which."""
    logo = context.session.scalar(select(LandingLogoRow.digest))
    return LookShown(look=look_for(levels_of(context.session), request.offer_id, request.plan_id), logo=logo or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Logo:
    """The picture."""

    content: bytes
    media_type: str
    digest: str


class FetchLogo(OperationInput):
    """Nothing to say."""


@query("customers.fetch_landing_logo", groups=SYSTEM_ONLY, mcp=False)
def fetch_landing_logo(context: QueryContext, _request: FetchLogo) -> Logo | None:
    """Return the logo, if there is one."""
    row = context.session.get(LandingLogoRow, _LOGO)
    return None if row is None else Logo(content=row.content, media_type=row.media_type, digest=row.digest)


def levels_of(session: Session) -> dict[Level, LandingLook]:
    """Return what is said on every level."""
    rows = session.scalars(select(LandingLookRow))
    return {(row.offer_id, row.plan_id): LevelInput.model_validate(row.look).look for row in rows}


def _refuse(level: LevelInput, place: str = "") -> None:
    if level.plan and not level.offer:
        raise LandingLookRefusedError(f"{place}A plan needs its offer.", detail={"field": "offer"})
    wrong: Mapping[str, str] = problems_of(level.look)
    if wrong:
        part, problem = next(iter(wrong.items()))
        raise LandingLookRefusedError(f"{place}{part.replace('_', ' ')}: {problem}.", detail={"field": part})


def _keep(context: CommandContext, level: LevelInput) -> bool:
    """Keep a level, or take it away where nothing is said; return whether that changes anything."""
    row = context.session.get(LandingLookRow, (level.offer, level.plan), with_for_update=True)
    said = level.model_dump(mode="json")
    if level.look == LandingLook():
        if row is not None:
            context.session.delete(row)
        return row is not None
    if row is None:
        context.session.add(LandingLookRow(offer_id=level.offer, plan_id=level.plan, look=said, changed_at=context.now))
        return True
    if row.look == said:
        return False
    row.look, row.changed_at = said, context.now
    return True


def _keep_logo(context: CommandContext, text: str) -> str:
    content = read_logo(text)
    kind = None if content is None else media_type_of(content)
    if content is None or kind is None:
        raise LandingLookRefusedError("The logo is no PNG, JPEG or WebP picture.", detail={"field": "content"})
    if len(content) > LARGEST_LOGO_BYTES:
        raise LandingLookRefusedError(
            f"The logo has {len(content)} bytes; at most {LARGEST_LOGO_BYTES} are taken.", detail={"field": "content"}
        )
    digest = hashlib.sha256(content).hexdigest()
    row = context.session.get(LandingLogoRow, _LOGO, with_for_update=True)
    if row is None:
        row = LandingLogoRow(id=_LOGO)
        context.session.add(row)
    row.content, row.media_type, row.digest, row.changed_at = content, kind, digest, context.now
    return digest


def _read(file: TextFile) -> tuple[list[LevelInput], str]:
    """Read a file: `landing`, a list of levels, and perhaps `logo`."""
    try:
        document: Any = yaml.safe_load(file.text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise LandingLookRefusedError(f"{file.name or 'The file'} is no YAML: {str(error)[:200]}.") from error
    known = isinstance(document, dict) and set(document) <= {"landing", "logo"}
    if not known or not isinstance(document.get("landing"), list) or not isinstance(document.get("logo", ""), str):
        raise LandingLookRefusedError("The file needs `landing`, a list of levels, and may have `logo`, a picture.")
    levels: list[LevelInput] = []
    for number, given in enumerate(document["landing"][:1_000], 1):
        try:
            level = LevelInput.model_validate(given)
        except ValidationError as error:
            first = error.errors(include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise LandingLookRefusedError(f"landing/{number}/{where}: {first['msg']}.") from error
        _refuse(level, f"landing/{number}: ")
        if any((level.offer, level.plan) == (each.offer, each.plan) for each in levels):
            raise LandingLookRefusedError(f"landing/{number}: this offer and plan stand there twice.")
        levels.append(level)
    return levels, document.get("logo", "")


def _entry(levels: list[LevelInput]) -> EvidenceDraft:
    return EvidenceDraft(
        kind=LANDING_LOOK_SET.name,
        subject_type="landing",
        subject_id="look",
        payload={
            "levels": [
                {"offer": each.offer, "plan": each.plan, "fields": [field.name for field in each.fields]}
                for each in levels
            ]
        },
    )


OPERATIONS: tuple[Operation, ...] = (
    set_landing_look,
    apply_landing,
    set_landing_logo,
    list_landing_looks,
    show_landing_look,
    fetch_landing_logo,
)
