"""The console's pages of usage: everybody's, one subscription's, its limits, its proofs, and its hours."""
