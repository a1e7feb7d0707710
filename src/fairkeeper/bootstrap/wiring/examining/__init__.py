"""The doctor: each connection looked at by harmless reads, from the settings alone."""
