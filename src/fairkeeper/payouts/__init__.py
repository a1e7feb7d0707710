"""Transaction to payout: was this order billed, earned and paid, and where is the difference?

Read from below upwards: `reports` (which report a file is, its columns, its statuses), `files` (opening, reading and
keeping files), `chain` (from order to bank, coverage, findings, forecast), then the actions and queries around them.
"""
