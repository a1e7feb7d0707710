"""A deal as a file that people and programs write: read with every fault and its line, written back unchanged."""
