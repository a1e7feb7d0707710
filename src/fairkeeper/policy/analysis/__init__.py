"""Prove about policies what can be proved: what never matches, what is always covered, what a change widens."""
