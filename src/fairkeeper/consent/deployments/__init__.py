"""Managed applications, containers and virtual machines: how they are heard of, proved, and kept to the two objects."""
