"""Policies for agents: checked, explained, tried and compared in files; kept in signed bundles."""
