"""Validation of the tokens that Microsoft Entra signs: who is asking, proved and not merely claimed.

Light and pure, so that the server, a connector and a program beside an agent all refuse for the same reasons: it uses
joserfc for the signature and httpx to fetch the published keys, nothing more. Acquiring tokens is another trade and
lives with the connectors.
"""
