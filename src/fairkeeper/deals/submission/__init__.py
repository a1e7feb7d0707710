"""The way into Partner Center: a sheet for a person to type from, and a payload for the ingestion API."""
