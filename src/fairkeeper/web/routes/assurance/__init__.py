"""The console's pages of assurance: signals, incidents, releases."""
