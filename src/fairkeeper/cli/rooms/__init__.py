"""Commands of rooms that are written by hand, because they read or write files, or show a secret once."""
