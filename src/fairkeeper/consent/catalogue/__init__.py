"""The permission catalogue: our own dated facts about Graph permissions, and sentences for those asked for most."""
