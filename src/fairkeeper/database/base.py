"""The declarative base: one metadata and one naming convention for every table of every room.

Separate, so that tables of different rooms share migrations and the tenant guard without importing each other.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Integer, LargeBinary, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from fairkeeper.database.types import UTCDateTime
from fairkeeper.values.ids import CustomerId, EntryId, OperationId, PersonId, SubscriptionId, TaskId, TenantId, TokenId

NAMING_CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

BIG_KEY = BigInteger().with_variant(Integer(), "sqlite")
"""An autoincrementing 64-bit key; SQLite grants that to `INTEGER` alone."""


class Base(DeclarativeBase):
    """Root of all tables."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: String(),
        bytes: LargeBinary(),
        datetime: UTCDateTime(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
        CustomerId: String(40),
        EntryId: String(40),
        OperationId: String(64),
        PersonId: String(40),
        SubscriptionId: String(64),
        TaskId: String(40),
        TenantId: String(64),
        TokenId: String(40),
    }


class CustomerOwned:
    """Mixin of every table whose rows belong to one customer; the tenant guard covers exactly these.

    A row with `customer_id` null belongs to the publisher, and no customer session sees it. A table whose rows
    always belong to a customer narrows the column to not null by declaring it again.
    """

    customer_id: Mapped[CustomerId | None] = mapped_column(index=True)
