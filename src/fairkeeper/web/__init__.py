"""The console: pages for the publisher's people, the buyer who lands, and the customer at home. No rules, no SQL."""
