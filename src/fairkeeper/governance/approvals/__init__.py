"""Approvals: a person's answer to exactly one call, or to a kind of calls within a daily limit."""
