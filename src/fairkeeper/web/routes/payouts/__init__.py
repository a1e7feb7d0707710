"""Payouts: differences, one transaction, files, payments, months."""
