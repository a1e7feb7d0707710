"""Pure rules of asking and knowing: what is wanted, what an error code means, what a probe proves, what has drifted."""
