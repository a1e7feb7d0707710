"""The statistics that rankings and alerts rest on; pure, and vectorised over a portfolio."""
