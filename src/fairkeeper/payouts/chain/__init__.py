"""From order to bank: the chain per line, what must be covered before anything is said, and what is found."""
