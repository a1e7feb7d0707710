"""Weaknesses of the installation: interfaces, configuration, dependencies and secrets, looked for on a schedule."""
