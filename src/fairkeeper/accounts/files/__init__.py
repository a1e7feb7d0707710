"""The structure as a file: what can be wrong with the text, reading, writing."""
