"""The first-run guide: connects a real publisher step by step, checks each step, and remembers where one was."""
