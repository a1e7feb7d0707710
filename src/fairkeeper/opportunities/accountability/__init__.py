"""How good the rankings were: measures, baselines and the pictures of them."""
