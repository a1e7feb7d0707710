"""Reads insights in every form they come in into one canonical table, and keeps snapshots of it."""
