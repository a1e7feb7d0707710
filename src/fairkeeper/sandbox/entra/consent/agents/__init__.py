"""Agents of Microsoft Entra Agent ID: identities of a blueprint in a tenant, and how it gets tokens for them."""
