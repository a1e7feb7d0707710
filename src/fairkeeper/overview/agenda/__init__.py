"""What needs somebody, out of every room, in the one order in which it is worth doing."""
