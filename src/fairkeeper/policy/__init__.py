"""Decide by Cedar policies; light and pure, so that it runs in the server and beside an agent alike."""
