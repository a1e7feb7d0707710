"""What people and programs do in this room, one subject a module."""
