"""What changes in this room; `OPERATIONS` in `fairkeeper.access.operations` lists it for the registry."""
