"""What a customer's people read about an agent, and the questions by which a page proves that it is understood."""
