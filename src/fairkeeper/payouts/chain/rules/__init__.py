"""The rules: each one kind of finding, as SQL over the rows that count and a sentence for people."""
