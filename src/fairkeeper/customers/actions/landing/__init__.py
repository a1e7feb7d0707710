"""The landing page: what it shows to whom, how it looks, what it asks."""
