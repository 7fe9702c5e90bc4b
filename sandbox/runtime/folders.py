"""Where things lie on the scope's disk."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from wire.protocol import FILES_FOLDER, RUN_FOLDER, SOCKET_NAME
from wire.settings import AgentSettings


@dataclass(frozen=True)
class ScopeFolders:
    """The folders of one scope; the first level is made by the control plane."""

    root: Path

    @classmethod
    def of(cls, settings: AgentSettings) -> ScopeFolders:
        """The folders that these settings name."""
        return cls(Path(settings.scope_dir).resolve())

    @property
    def files(self) -> Path:
        """What the files endpoint shows, and the working directory of code and Spark."""
        return self.root / FILES_FOLDER

    @property
    def run(self) -> Path:
        """Sockets and what lives no longer than the agent."""
        return self.root / RUN_FOLDER

    @property
    def socket(self) -> Path:
        """Where the agent listens."""
        return self.run / SOCKET_NAME

    @property
    def home(self) -> Path:
        """HOME of the tenant's code."""
        return self.root / "home"

    @property
    def temporary(self) -> Path:
        """TMPDIR: the container's /tmp is small and in memory."""
        return self.root / "spark" / "tmp"

    @property
    def spark_local(self) -> Path:
        """Shuffle and spill files."""
        return self.root / "spark" / "local"

    @property
    def spool(self) -> Path:
        """Results on their way, and those that are kept for later."""
        return self.root / "spool"

    @property
    def warehouse(self) -> Path:
        """Files of tables that SQL made; they outlive the agent."""
        return self.root / "tables" / "warehouse"

    def make(self) -> None:
        """Make what is missing, and empty what belongs to an earlier life."""
        for stale in (self.temporary, self.spark_local):
            shutil.rmtree(stale, ignore_errors=True)
        kept = (*(self.root / name for name in ("catalog", "tables", "cache")), self.spool)
        below = (self.files, self.run, self.home, self.temporary, self.spark_local, self.warehouse)
        for folder in (*kept, *below):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
