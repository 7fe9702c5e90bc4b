"""What the control plane tells an agent at its start, as environment variables."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

PREFIX = "GEOSCOPE_AGENT_"


class AgentSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How one agent is set up. Paths are as the agent sees them; sizes in bytes."""

    scope_dir: str = "/scope"
    """The scope's own disk: `files/`, `catalog/`, `tables/`, `spool/`, `spark/`, `run/`."""
    samples_dir: str = "/samples"
    data_dirs: str = "{}"
    """For an agent without a container: JSON, name of a data folder in requests → where it lies."""
    sandbox_id: str = ""
    version: str = ""
    cpus: int = 2
    memory_bytes: int = 2 * 1024**3
    """What the container may use, all in all; the heap is a share of it."""
    heap_bytes: int = 900 * 1024**2
    kernel_memory_bytes: int = 0
    """What the tenant's Python may hold (RLIMIT_DATA): a MemoryError comes first; 0: no bound."""
    kernel_pids: int = 0
    """RLIMIT_NPROC of the tenant's Python and Spark's workers, so that agent and JVM keep room for
    threads; 0: none. It counts all threads of the uid, which must be the scope's own."""
    cache_bytes: int = 512 * 1024**2
    render_direct: bool = True
    """Whether maps and queries may read files of tables without Spark, if rows are the same."""
    max_output_bytes: int = 10 * 1024**2
    gpu: bool = False

    def to_env(self) -> dict[str, str]:
        """The environment variables that `from_env` reads back."""
        values = msgspec.to_builtins(self)
        return {PREFIX + name.upper(): str(value) for name, value in values.items()}

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> AgentSettings:
        """Read the settings; raises msgspec.ValidationError naming the one that is wrong."""
        found = {
            key.removeprefix(PREFIX).lower(): value
            for key, value in env.items()
            if key.startswith(PREFIX)
        }
        return msgspec.convert(found, cls, strict=False)
