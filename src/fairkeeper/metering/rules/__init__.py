"""The rules of metering, pure: hours, terms, counting, answers of the service, held hours, forecast."""
