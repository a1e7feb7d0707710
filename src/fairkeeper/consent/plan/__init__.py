"""The consent plan: the publisher's own file of what each feature asks for and why, read, checked and versioned."""
