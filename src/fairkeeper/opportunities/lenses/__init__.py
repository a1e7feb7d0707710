"""Readable definitions of ways to rank accounts, and the scores they give."""
