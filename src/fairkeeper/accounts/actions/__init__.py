"""What this room does: checks of files, the structure in force, the verification's record."""
