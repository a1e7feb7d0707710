"""Microsoft's JSON, read leniently: subscriptions, operations, webhooks, available plans."""
