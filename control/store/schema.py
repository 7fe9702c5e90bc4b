"""The tables of the store. A change of them is a new SCHEMA_VERSION and a step to it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    DDL,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
)

SCHEMA_VERSION: Final = 3

metadata = MetaData()

installation = Table(
    "installation",
    metadata,
    Column("id", String, primary_key=True),
    Column("schema_version", Integer, nullable=False),
    Column("created", Float, nullable=False),
    Column("drivers", String, nullable=False, default=""),
)
"""One row: who we are, and the names of the drivers that ever held scopes here."""

scopes = Table(
    "scopes",
    metadata,
    Column("sandbox_id", String, primary_key=True),
    # Unique while the row lives, and the row outlives the disk: so no uid ever meets old files.
    Column("uid", Integer, nullable=False, unique=True),
    # NULL for sandboxes of the pool; SQLite holds NULLs apart, so they do not collide.
    Column("owner", String),
    Column("name", String),
    Column("state", String, nullable=False),
    Column("reason", Text),
    Column("intent", String),
    Column("container_id", String),
    Column("limits", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("last_used", Float, nullable=False),
    Column("since", Float, nullable=False),
    Column("ends", Float),
    Column("from_pool", Boolean, nullable=False),
    UniqueConstraint("owner", "name"),
)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("sandbox_id", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("name", String, nullable=False),
    Column("event", String, nullable=False),
    Column("reason", Text),
    Column("actor", String, nullable=False, server_default=""),
    Column("address", String, nullable=False, server_default=""),
    Column("request_id", String, nullable=False, server_default=""),
    Column("times", Integer, nullable=False, server_default="1"),
)

EVENTS_STAY: Final = DDL(  # type: ignore[no-untyped-call]
    "CREATE TRIGGER IF NOT EXISTS events_stay BEFORE UPDATE ON events "
    "BEGIN SELECT RAISE(ABORT, 'events are only ever added'); END"
)
event.listen(events, "after_create", EVENTS_STAY)

accounts = Table(
    "accounts",
    metadata,
    Column("username", String, primary_key=True),
    Column("password_hash", String, nullable=False),
    Column("role", String, nullable=False),
    Column("token_epoch", Integer, nullable=False),
    Column("created", Float, nullable=False),
    Column("quota", Text, nullable=False),
)

retired_epochs = Table(
    "retired_epochs",
    metadata,
    Column("username", String, primary_key=True),
    Column("token_epoch", Integer, nullable=False),
)
"""The epoch that a removed account had reached: a new one of that name begins after it."""

revoked_tokens = Table(
    "revoked_tokens",
    metadata,
    Column("jti", String, primary_key=True),
    Column("expires", Float, nullable=False),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("secret", String, nullable=False),
    Column("created", Float, nullable=False),
)


query_jobs = Table(
    "query_jobs",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("record", Text, nullable=False),
)
"""Deferred and async requests whose handles are good; `record` is JSON."""

query_numbers = Table(
    "query_numbers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("next", Integer, nullable=False),
)
"""One row: the first job number that was never reserved."""

Index("events_by_time", events.c.at)
EVENT_INDEXES: Final = (
    Index("events_by_kind", events.c.event, events.c.id),
    Index("events_by_owner", events.c.owner, events.c.id),
    Index("events_by_actor", events.c.actor, events.c.id),
)
"""A page of one kind or user is read on the event loop: never by looking at every row."""
