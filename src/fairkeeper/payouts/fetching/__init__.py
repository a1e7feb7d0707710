"""Reports that Microsoft hands out on request: which are wanted, how far each is, and what became of it."""
