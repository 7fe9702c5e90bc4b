"""Why the server does not start."""

from __future__ import annotations

from pathlib import Path

from control.errors.base import GeoscopeError


class StartError(GeoscopeError):
    """The server does not start."""

    type = "start_error"


class BadSetting(StartError):
    """A setting is unknown or ill-typed."""

    type = "bad_setting"

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"setting {name}: {why}")
        self.name = name


class StoreLocked(StartError):
    """Another control plane uses this state directory."""

    type = "store_locked"

    def __init__(self, path: Path) -> None:
        super().__init__(f"another control plane uses {path}")


class StoreDamaged(StartError):
    """The store's file is no store of ours, or broken."""

    type = "store_damaged"

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"the store {path} cannot be used: {why}; nothing was changed")


class StoreTooNew(StartError):
    """The store was written by a newer version."""

    type = "store_too_new"

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(f"the store {path} has schema {found}, this version knows {known}")


class StoreNotWritable(StartError):
    """The store is sound and cannot be written."""

    type = "store_not_writable"

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"the store {path} cannot be written: {why}")


class DriverRefused(StartError):
    """The chosen driver must not serve these settings."""

    type = "driver_refused"

    def __init__(self, driver: str, why: str) -> None:
        super().__init__(f"the driver {driver} cannot be used: {why}")


class KeysUnusable(StartError):
    """The file of the signing keys is damaged, missing, or open to others."""

    type = "keys_unusable"

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"the signing keys {path} cannot be used: {why}")


class TlsUnusable(StartError):
    """Certificate or key cannot be used."""

    type = "tls_unusable"

    def __init__(self, setting: str, path: Path, why: str) -> None:
        super().__init__(f"setting {setting}: {path} cannot be used: {why}")
