"""Consent in the pretend Entra: who may approve what, what a tenant has granted, and its administrator's own pages."""
