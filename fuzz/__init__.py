"""Fuzzes every parser that reads what strangers wrote, and the whole API: `make fuzz`."""
