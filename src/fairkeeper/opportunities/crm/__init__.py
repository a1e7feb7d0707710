"""What is pushed to a CRM, by which keys, and which fields are ours."""
