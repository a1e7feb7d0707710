"""What is done to a database from outside: preparing PostgreSQL, and bringing the tables to this version."""
