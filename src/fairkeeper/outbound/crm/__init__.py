"""Connectors to CRMs: Dynamics 365, Salesforce, HubSpot. Written from documents, never run against the services."""
