"""Connectors to Microsoft's services, one module for each API: parse, translate errors once, decide nothing.

Written against the published documentation and run against the sandbox; none of it has been run against Microsoft's
live services yet.
"""
