"""What follows from what Microsoft states: the mirror, webhooks, the rule for changes, the comparison with the list."""
