"""The pretend Microsoft's webhooks: how they are signed, sent, tried again, and spoiled on request."""
