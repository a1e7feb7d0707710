"""The book of deals: what is kept of each, how far it has come, who approved it, what is due, and what was bought."""
