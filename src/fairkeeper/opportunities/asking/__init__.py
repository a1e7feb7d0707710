"""Questions in a person's words, understood by rules."""
