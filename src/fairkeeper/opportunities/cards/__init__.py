"""Cards and alerts: who, why now, which motion, on what evidence, and what would change our mind."""
