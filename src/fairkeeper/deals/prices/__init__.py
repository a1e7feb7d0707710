"""What is charged, who keeps which part, and when it reaches the bank."""
