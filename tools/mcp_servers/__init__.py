"""Foreign MCP servers as read-only tools of specialists: an allow-list, results as evidence (docs/mcp.md)."""
