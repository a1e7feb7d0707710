"""What a channel can ask of this room without a database: check, price, build, print."""
