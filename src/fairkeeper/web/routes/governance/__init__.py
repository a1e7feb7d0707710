"""The console's pages of governance: agents, their stream of decisions, approvals, policies."""
