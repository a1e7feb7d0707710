"""The pretend metering service: one event and batches, duplicates, expiry, and the list of what it has."""
