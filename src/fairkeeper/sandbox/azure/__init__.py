"""The pretend Azure: managed applications with just-in-time requests, and managed identities of instances."""
