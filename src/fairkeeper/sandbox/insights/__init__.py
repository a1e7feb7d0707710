"""The pretend insights: a market of made-up tenants with a known truth, as files and as the API."""
