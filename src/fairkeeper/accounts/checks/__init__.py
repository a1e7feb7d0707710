"""The rules of a structure; each a pure function with the source of what it demands."""
