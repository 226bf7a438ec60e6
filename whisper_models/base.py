"""What every model is built from: the base class, the naming rule, and the column types that recur."""

from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import ARRAY, REAL, DateTime, Double, ForeignKey, MetaData, Numeric, String, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column, registry, relationship

# The names PostgreSQL itself would choose. Spelled out in a model are only the names that differ: among them
# every name PostgreSQL had to shorten to 63 bytes, which it does in its own way.
metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "ix": "idx_%(table_name)s_%(column_0_N_name)s",
    }
)


class Base(DeclarativeBase):
    """The root of all models. Where a table has a comment, it is the docstring of the class."""

    registry = registry(metadata=metadata, type_annotation_map={str: Text, float: Double})


intpk = Annotated[int, mapped_column(primary_key=True)]
uuidpk = Annotated[UUID, mapped_column(primary_key=True, server_default=func.gen_random_uuid())]
character_fk = Annotated[int, mapped_column(ForeignKey("characters.id", ondelete="CASCADE"))]

str_10 = Annotated[str, mapped_column(String(10))]
str_20 = Annotated[str, mapped_column(String(20))]
str_50 = Annotated[str, mapped_column(String(50))]
str_100 = Annotated[str, mapped_column(String(100))]
str_200 = Annotated[str, mapped_column(String(200))]
str_255 = Annotated[str, mapped_column(String(255))]
str_300 = Annotated[str, mapped_column(String(300))]
str_500 = Annotated[str, mapped_column(String(500))]

real = Annotated[float, mapped_column(REAL)]
num_3_2 = Annotated[Decimal, mapped_column(Numeric(3, 2))]
num_5_2 = Annotated[Decimal, mapped_column(Numeric(5, 2))]
num_5_3 = Annotated[Decimal, mapped_column(Numeric(5, 3))]
num_5_4 = Annotated[Decimal, mapped_column(Numeric(5, 4))]
num_6_3 = Annotated[Decimal, mapped_column(Numeric(6, 3))]

with_zone = Annotated[datetime, mapped_column(DateTime(timezone=True))]

# The same moment to PostgreSQL, but two different texts in its catalog.
now = Annotated[datetime, mapped_column(server_default=func.now())]
now_with_zone = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
current_timestamp = Annotated[datetime, mapped_column(server_default=text("CURRENT_TIMESTAMP"))]
current_timestamptz = Annotated[
    datetime, mapped_column(DateTime(timezone=True), server_default=text("CURRENT_TIMESTAMP"))
]

text_array = Annotated[list[str], mapped_column(ARRAY(Text))]
json_array = Annotated[list[Any], mapped_column(JSONB(none_as_null=True))]
json_object = Annotated[dict[str, Any], mapped_column(JSONB(none_as_null=True))]

# The other side of a foreign key with ON DELETE CASCADE: PostgreSQL deletes the rows that are not loaded.
owned = partial(relationship, cascade="all, delete-orphan", passive_deletes=True)


def one_of(column: str, *values: str) -> str:
    """The condition that a varchar is one of the values, cast by cast as PostgreSQL reprints it after a reload."""
    listed = ", ".join(f"'{value}'::varchar::text" for value in values)
    return f"{column}::text IN ({listed})"
