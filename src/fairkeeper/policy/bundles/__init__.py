"""Bundles of agents' policies: what is in force, from which templates, tried by which examples, changed by how much."""
