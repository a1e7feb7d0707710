"""Partner Center's reports on request: the commercial marketplace analytics API and the payouts API."""
