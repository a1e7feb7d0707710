"""What Microsoft tells us and is asked by us: notices, readings, answers, activation, changes, comparison."""
