"""Are we ready for Marketplace's review: what a reviewer asks of an offer, item by item, each with its proof."""
