"""The deals' pages: the board and its lists, one deal and what is made of it, its editor, and what can be done."""
