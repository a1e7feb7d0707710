"""Row-level security on PostgreSQL: which login sees which rows.

Three logins, never a superuser: the owner (migrations), staff (every row) and customer (the rows of the customer that
the transaction names). Policies are made anew from the metadata after each migration, so a new table is guarded
because it is `CustomerOwned`, not because somebody remembered. `FORCE` binds the owner too; a backfill lifts it
around itself.

The setting is compared through `nullif`: after a transaction that set it, PostgreSQL leaves an empty string behind,
not null (measured on PostgreSQL 15, 2026-11-22).
"""

from __future__ import annotations

from sqlalchemy import Connection, MetaData, Table, text

from fairkeeper.database.guard import ROW_SECURITY_SETTING

POLICY_STAFF = "fairkeeper_staff_sees_all"
POLICY_CUSTOMER = "fairkeeper_customer_sees_own"


def guarded_tables(metadata: MetaData) -> list[Table]:
    """Return the tables whose rows belong to customers, by name."""
    return sorted((table for table in metadata.tables.values() if "customer_id" in table.c), key=lambda t: t.name)


def apply_row_security(connection: Connection, metadata: MetaData, *, staff: str, customer: str | None) -> None:
    """Grant the logins what they need and make the policies anew; PostgreSQL only, as the tables' owner.

    Args:
        connection: The owner's, in a transaction.
        metadata: All tables.
        staff: The staff login's name.
        customer: The customer login's name, or None where there is none.
    """
    quote = connection.dialect.identifier_preparer.quote
    logins = [staff, *([customer] if customer else [])]
    for login in logins:
        connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {quote(login)}"))
        connection.execute(text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {quote(login)}"))
    for table in metadata.sorted_tables:
        connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {quote(table.name)} TO {quote(staff)}"))
    for table in guarded_tables(metadata):
        _guard(connection, quote(table.name), staff=quote(staff), customer=quote(customer) if customer else None)


def _guard(connection: Connection, table: str, *, staff: str, customer: str | None) -> None:
    statements = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS {POLICY_STAFF} ON {table}",
        f"DROP POLICY IF EXISTS {POLICY_CUSTOMER} ON {table}",
        f"CREATE POLICY {POLICY_STAFF} ON {table} TO {staff} USING (true) WITH CHECK (true)",
    ]
    if customer:
        own = f"customer_id = nullif(current_setting('{ROW_SECURITY_SETTING}', true), '')"
        statements += [
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {customer}",
            f"CREATE POLICY {POLICY_CUSTOMER} ON {table} TO {customer} USING ({own}) WITH CHECK ({own})",
        ]
    for statement in statements:
        connection.execute(text(statement))
