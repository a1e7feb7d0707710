"""The channel for agents' clients: operations as MCP tools, reads only unless a write was switched on by name."""
