"""What changes in the room of customers, one verb and noun a file."""
