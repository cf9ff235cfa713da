"""Tools: Python functions in processes of their own, tools of MCP servers, HTTP operations; who may call them, and when."""
