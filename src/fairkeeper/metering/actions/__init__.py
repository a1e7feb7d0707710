"""What changes in the room of metering, one subject a module."""
