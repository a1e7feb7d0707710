"""The opportunities' pages: the list and its cards, what is done with one, the chat, the book and the track record."""
