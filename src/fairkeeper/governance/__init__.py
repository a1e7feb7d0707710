"""Governance: what may this agent do now, who says so, who must approve, and how do we stop it.

The rules are in `fairkeeper.policy`; here are the registered things, the hot path that decides and records, and what
people do about both.
"""
