"""The console: pages for the publisher's people, for the buyer who lands, and for the customer at home. No rules, no SQL."""
