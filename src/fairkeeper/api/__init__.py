"""The HTTP API: routes derived from the registry, the webhook, the log's files, health. No rules, no SQL."""
