"""The ways in: signing in, becoming the first owner, and the landing page to which Microsoft sends buyers."""
