"""What this room does: one file for each act or few that belong together."""
