"""Whose a subscription is to run: observed (another system does) or managed (Fairkeeper does), and how it moves."""
