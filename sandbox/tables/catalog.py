"""Spark's catalog of tables, read and written as definitions: the one place that knows its JVM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyspark.sql import SparkSession

from sandbox.tables.definitions import DEFAULT_DATABASE, Definition

_BETWEEN = "\x1e"
"""What hardly any text holds; one that does is met by counting."""


class Catalog:
    """The tables that all sessions of the scope share.

    The mutable state is `_read_before`: definitions by table, with the JVM's hash of the table that
    they were read from, for reading one is many calls. Each change is one operation on a dict.
    """

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._jvm: Any = spark._jvm
        self._external: Any = spark._jsparkSession.sharedState().externalCatalog()
        self._defaults: dict[int, Any] = {}
        self._read_before: dict[tuple[str, str], tuple[int, Definition]] = {}
        self._mark: Any = self._jvm.geoscope.tables.CatalogMark.of

    def state(self) -> int:
        """A number that changes when any table or database is made, altered or dropped."""
        return int(self._mark(self._external))

    def databases(self) -> list[str]:
        """All databases by name."""
        return _strings(self._external.listDatabases())

    def tables(self) -> list[Definition]:
        """Every table and persistent view, of every database."""
        found: list[Definition] = []
        for database in self.databases():
            names = self._external.listTables(database)
            tables = _items(self._external.getTablesByName(database, names))
            for name, table in zip(_strings(names), tables, strict=True):
                found.append(self._read_changed((database, name), table))
        return found

    def get(self, key: tuple[str, str]) -> Definition | None:
        """One table; None if there is none of that name."""
        if not self._external.tableExists(*key):
            return None
        return self._read(self._external.getTable(*key))

    def put(self, definition: Definition) -> None:
        """Make a table, or put another in its place in one step."""
        table = self._build(definition)
        if self._external.tableExists(*definition.key):
            self._external.alterTable(table)
        else:
            self._external.createTable(table, False)

    def add_database(self, name: str) -> None:
        """Make a database that is not there yet."""
        self._spark.sql("CREATE DATABASE IF NOT EXISTS IDENTIFIER(:name)", {"name": name})

    def is_cached(self, key: tuple[str, str]) -> bool:
        """Whether Spark holds the table in its memory."""
        return bool(self._spark.catalog.isCached(_full_name(key)))

    def cache(self, key: tuple[str, str]) -> None:
        """Let Spark hold the table in its memory from its first use on."""
        self._spark.catalog.cacheTable(_full_name(key))

    def uncache(self, key: tuple[str, str]) -> None:
        """Let Spark forget what it holds of the table in its memory."""
        self._spark.catalog.uncacheTable(_full_name(key))

    def uri(self, path: str) -> str:
        """A path (or Spark's pattern for paths) as the URI of a location."""
        return str(self._jvm.org.apache.hadoop.fs.Path(f"file://{path}").toUri().toString())

    def path(self, uri: str) -> str | None:
        """The local path of a location; None if it is elsewhere."""
        parsed = self._jvm.java.net.URI(uri)
        if parsed.getScheme() not in (None, "file"):
            return None
        return str(parsed.getPath()).rstrip("/")

    def _read_changed(self, key: tuple[str, str], table: Any) -> Definition:
        mark = int(table.hashCode())
        before = self._read_before.get(key)
        if before is None or before[0] != mark:
            before = self._read_before[key] = mark, self._read(table)
        return before[1]

    def _read(self, table: Any) -> Definition:
        storage = table.storage()
        location = storage.locationUri()
        return Definition(
            database=str(table.identifier().database().get()),
            name=str(table.identifier().table()),
            kind=str(table.tableType().name()),
            schema=str(table.schema().json()),
            provider=_optional(table.provider()),
            location=str(location.get().toString()) if location.isDefined() else None,
            options=self._mapping(storage.properties()),
            properties=self._mapping(table.properties()),
            partitions=_strings(table.partitionColumnNames()),
            view_text=_optional(table.viewText()),
            created_ms=int(table.createTime()),
        )

    def _build(self, definition: Definition) -> Any:
        catalog = self._jvm.org.apache.spark.sql.catalyst.catalog
        companion = _module(catalog, "CatalogTable")

        def default(*positions: int) -> list[Any]:
            return [self._default(companion, n) for n in positions]

        # Positions as in Spark's CatalogTable; partitions are found by listing, not by a record.
        return companion.apply(
            self._identifier(definition),
            getattr(_module(catalog, "CatalogTableType"), definition.kind)(),
            self._storage(catalog, definition),
            self._jvm.org.apache.spark.sql.types.DataType.fromJson(definition.schema),
            self._option(definition.provider),
            self._jvm.PythonUtils.toSeq(definition.partitions),
            *default(7, 8),
            definition.created_ms,
            *default(10, 11),
            self._jvm.PythonUtils.toScalaMap(definition.properties),
            *default(13),
            self._option(definition.view_text),
            *default(15, 16, 17),
            False,
            *default(19, 20, 21),
        )

    def _default(self, companion: Any, position: int) -> Any:
        """A default of Spark's, which is asked for once."""
        if position not in self._defaults:
            self._defaults[position] = getattr(companion, f"apply$default${position}")()
        return self._defaults[position]

    def _identifier(self, definition: Definition) -> Any:
        catalyst = self._jvm.org.apache.spark.sql.catalyst
        return catalyst.TableIdentifier(definition.name, self._option(definition.database))

    def _storage(self, catalog: Any, definition: Definition) -> Any:
        empty = _module(catalog, "CatalogStorageFormat").empty()
        uri = self._jvm.java.net.URI(definition.location) if definition.location else None
        return empty.copy(
            self._option(uri),
            empty.inputFormat(),
            empty.outputFormat(),
            empty.serde(),
            False,
            self._jvm.PythonUtils.toScalaMap(definition.options),
        )

    def _option(self, value: Any) -> Any:
        return self._jvm.scala.Option.apply(value)

    def _mapping(self, scala_map: Any) -> dict[str, str]:
        names, values = _joined(scala_map.keys()), _joined(scala_map.values())
        if len(names) == len(values) == int(scala_map.size()):
            return dict(zip(names, values, strict=True))
        java = self._jvm.scala.jdk.javaapi.CollectionConverters.asJava(scala_map)
        return {str(key): str(value) for key, value in _pairs(java)}


def default_key(name: str) -> tuple[str, str]:
    """The key of a table of the scope's own database."""
    return (DEFAULT_DATABASE, name)


def _full_name(key: tuple[str, str]) -> str:
    # With the catalog's name in front a temporary view of the same name is not meant.
    return f"spark_catalog.`{key[0]}`.`{key[1]}`"


def _module(package: Any, name: str) -> Any:
    return getattr(getattr(package, f"{name}$"), "MODULE$")


def _optional(option: Any) -> str | None:
    return str(option.get()) if option.isDefined() else None


def _items(seq: Any) -> list[Any]:
    return [seq.apply(index) for index in range(seq.size())]


def _strings(seq: Any) -> list[str]:
    # One call instead of one for each item; no name in a catalog has a newline.
    text = str(seq.mkString("\n"))
    return text.split("\n") if text else []


def _joined(texts: Any) -> list[str]:
    # One call instead of several for each item.
    text = str(texts.mkString(_BETWEEN))
    return text.split(_BETWEEN) if text else []


def _pairs(java: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    return list(java.items())
