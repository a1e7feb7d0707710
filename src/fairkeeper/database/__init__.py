"""The database: engine, read and write sessions, tasks, exact column types, tenant guard, secrets, migrations.

SQLite (WAL) by default, PostgreSQL when several processes or machines share the work; what is written here runs on
both. A capability gets a session handed in and never opens one.
"""
