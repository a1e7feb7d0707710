"""Measurements against stated targets; `make bench` runs them. A module `bench_<subject>.py` adds a subject."""
