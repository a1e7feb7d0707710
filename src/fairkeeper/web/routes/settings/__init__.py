"""The settings: who may sign in, tokens of programs, the change rule, keys and witnesses, values to copy."""
