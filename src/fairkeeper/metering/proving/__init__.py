"""Proof of usage: the form of the file, and its verifier, which needs neither server nor database."""
