"""Search across everything: by an id or the beginning of one, by a name, by an exact amount."""
