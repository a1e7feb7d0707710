"""Where a person begins: what needs them today, a customer's own home, and what they were told."""
