"""The mail agent's tools as an MCP server on stdin and stdout, for the gateway to stand in front of.

[servers.mail]
command = ["python", "mail_server.py"]
carries = { send_mail = ["body"] }
"""

from __future__ import annotations

from mail_tools import find_contact, read_mail, send_mail
from mcp.server import MCPServer

server = MCPServer("mail")
for function in (find_contact, read_mail, send_mail):
    server.add_tool(function)

if __name__ == "__main__":
    server.run("stdio")
