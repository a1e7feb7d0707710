"""Writes a structure as the file that reads back as the same."""

from __future__ import annotations

from typing import Any

import yaml

from fairkeeper.accounts.files.reading import ROOT_KEY
from fairkeeper.accounts.structure.model import Structure


def write_structure(structure: Structure) -> str:
    """Return the YAML text of a structure; what stands at its default is left out.

    Example:
        >>> print(write_structure(Structure(company="Fairmile", country="GB")), end="")
        account_structure:
          company: Fairmile
          country: GB
    """
    return str(yaml.safe_dump({ROOT_KEY: to_document(structure)}, sort_keys=False, allow_unicode=True, width=100))


def to_document(structure: Structure) -> dict[str, Any]:
    """Return a structure as plain values, what stands at its default left out."""
    return structure.model_dump(mode="json", exclude_defaults=True)
