"""Parts of an installation that are made of its settings: the clock it follows, the ways by which messages leave."""
