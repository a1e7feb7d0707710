"""Receivers of events: one connector for each kind, and the one that picks among them."""
