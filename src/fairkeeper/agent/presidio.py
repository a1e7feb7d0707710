"""Finds what patterns and checksums cannot, such as names and telephone numbers, by Microsoft Presidio.

It is looked up when it is asked for, so that this package needs none of it (`pip install 'fairkeeper[presidio]'`).
Without a model of spaCy's its own patterns work, and none is fetched; names and places need a model that somebody
installed. It looks at each text in the process that asks, some milliseconds a text with a model.
Source: presidio-analyzer 2.2, `AnalyzerEngine.analyze`, read 2026-11-28.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any, Final, Protocol

from fairkeeper.agent.errors import ConfigurationRefusedError
from fairkeeper.agent.recognisers import Found

LEAST_SCORE: Final = 0.4
"""Of what Presidio is sure of from 0 to 1; its own patterns with a context word are above it."""
_REMEDY: Final = "pip install 'fairkeeper[presidio]', and the model that the configuration names."


class Analyzer(Protocol):
    """What of Presidio is used."""

    def analyze(self, *, text: str, language: str, entities: list[str], score_threshold: float) -> Iterable[Any]:
        """Return what was found: `entity_type`, `start`, `end`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Presidio:
    """Finds some of Presidio's entities.

    Attributes:
        entities: In Presidio's words, such as PERSON and PHONE_NUMBER; a place of one is replaced by `[person]`.
        analyzer: Who looks.
    """

    entities: tuple[str, ...]
    analyzer: Analyzer
    language: str = "en"

    def __call__(self, text: str) -> Iterator[Found]:
        """Return what is found in a text."""
        for each in self.analyzer.analyze(
            text=text, language=self.language, entities=list(self.entities), score_threshold=LEAST_SCORE
        ):
            yield Found(kind=str(each.entity_type).lower(), start=int(each.start), end=int(each.end))


def presidio(entities: Iterable[str], *, language: str = "en", model: str | None = None) -> Presidio:
    """Return what finds these entities.

    Args:
        entities: In Presidio's words.
        language: Of the texts.
        model: A model of spaCy's, such as `en_core_web_sm`; without one no names and places are found.

    Raises:
        ConfigurationRefusedError: Presidio or the model is not installed, or finds no such thing in this language.
    """
    wanted = tuple(entities)
    try:
        analyzer = _analyzer(language, model)
        known = set(analyzer.get_supported_entities(language=language))
    except (ImportError, OSError, ValueError) as error:
        raise ConfigurationRefusedError(f"Presidio cannot be used: {error}", remedy=_REMEDY) from error
    unknown = sorted(set(wanted) - known)
    if unknown:
        raise ConfigurationRefusedError(f"Presidio finds no {unknown[0]!r} so; there are {', '.join(sorted(known))}.")
    return Presidio(entities=wanted, analyzer=analyzer, language=language)


@lru_cache(maxsize=8)
def _analyzer(language: str, model: str | None) -> Any:
    package = import_module("presidio_analyzer")
    engines, spacy = import_module("presidio_analyzer.nlp_engine"), import_module("spacy")
    engine = engines.SpacyNlpEngine(models=[{"lang_code": language, "model_name": model or "blank"}])
    # Given here and not loaded by Presidio, which would fetch a model that is not there.
    engine.nlp = {language: spacy.blank(language) if model is None else spacy.load(model)}
    registry = package.RecognizerRegistry(supported_languages=[language])
    registry.load_predefined_recognizers(languages=[language], nlp_engine=engine)
    # Two look up endings of domains, for which their library fetches a list; our own recognisers find addresses.
    for name in ("EmailRecognizer", "UrlRecognizer", *(() if model else ("SpacyRecognizer",))):
        registry.remove_recognizer(name)
    return package.AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=[language])
