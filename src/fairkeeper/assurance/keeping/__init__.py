"""Data governance: how long what is kept, who holds it, what was erased and its proof, what is known of one person."""
