"""Access: who signs in, with which session or API token, and which roles that person or program has."""
