"""Wires settings, stores, connectors and channels into one running installation. Imported by `__main__` alone."""
