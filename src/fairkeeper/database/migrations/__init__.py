"""Migrations of the database: Alembic loads these by path, nobody imports them."""
