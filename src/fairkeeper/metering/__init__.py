"""Metering: what was used, whether it was reported in time and accepted, and a proof that a customer can check."""
