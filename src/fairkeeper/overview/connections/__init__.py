"""Connections: what an installation is connected to, and what has to be mended before it works.

Facts are gathered by harmless reads elsewhere; here they are judged.
"""
