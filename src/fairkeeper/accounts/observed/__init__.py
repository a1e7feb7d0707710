"""What can be read of the account: exports and answers of APIs, and where they differ from what was stated."""
