"""Evaluation: suites as data, what they measure with how sure, and the gate that a release has to pass."""
