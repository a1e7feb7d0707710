"""The pretend SaaS fulfillment and operations APIs v2: ten calls and Microsoft's JSON."""
