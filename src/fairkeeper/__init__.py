"""Fairkeeper: the self-hosted back office for selling AI apps and agents on Microsoft Marketplace."""

__version__ = "0.1.0"
