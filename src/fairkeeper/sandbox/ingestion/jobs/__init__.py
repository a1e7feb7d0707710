"""A job: what a request is refused for once it is carried out, what comes of it, and how far it is."""
