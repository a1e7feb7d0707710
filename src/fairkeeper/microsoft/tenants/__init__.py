"""What is asked of Microsoft about customers' tenants: consent, tokens, agent identities."""
