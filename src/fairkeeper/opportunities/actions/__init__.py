"""What people and Fairkeeper itself do in this room."""
