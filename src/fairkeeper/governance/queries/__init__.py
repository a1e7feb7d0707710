"""Questions to the room: which agents there are, what they may do, what they did, and what waits for a person."""
