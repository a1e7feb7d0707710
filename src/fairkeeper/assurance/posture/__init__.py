"""Posture: outside lists of risks, mapped to controls, to the tests that show them working, and to what was counted."""
