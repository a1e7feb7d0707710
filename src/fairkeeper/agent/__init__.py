"""What stands beside an agent: asks before each call, records what came of it, labels and redacts what comes back."""
