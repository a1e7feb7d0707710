"""Doubles of three CRMs, written from their documents and not from our connectors: Dynamics 365, Salesforce, HubSpot.

Each keeps records in memory, answers as its documents say, can be throttled or made to fail before or after it has
written, and can be edited as a person would.
"""
