"""The pretend Logs Ingestion API of Azure Monitor."""
