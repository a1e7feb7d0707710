"""The hot path: decide, record durably, and only then let through; many decisions share one commit."""
