"""The gateway: stands between agents and MCP servers, holds their credentials, and lets through what is decided."""
