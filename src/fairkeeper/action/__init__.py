"""The spine: operations, their registry and the runner.

Three kinds, one registry. A command changes (one transaction, one evidence entry), a query reads (authorised, no
entry), a check only computes (no database, no sign-in). API routes and CLI commands are derived from the registry, so
that they cannot drift.
"""
