"""Files as people hand them over: opened, decoded, read into typed columns, and kept."""
