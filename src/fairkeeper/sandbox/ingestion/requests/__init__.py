"""A request to `configure`: what it looks like and what its schemas ask for; answered with 400 where it differs."""
