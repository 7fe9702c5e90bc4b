"""What an agent is told at its start, by whichever driver starts it."""

from __future__ import annotations

import msgspec

from wire.settings import AgentSettings


def agent_env(settings: AgentSettings, scope_dir: str, samples_dir: str) -> dict[str, str]:
    """Settings with the paths as the agent will see them, folders on its disk, thread counts."""
    seen = msgspec.structs.replace(settings, scope_dir=scope_dir, samples_dir=samples_dir)
    return {
        **seen.to_env(),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "TZ": "UTC",
        **_folders(scope_dir),
        **_threads(settings.cpus),
    }


def _folders(scope_dir: str) -> dict[str, str]:
    home = f"{scope_dir}/home"
    return {
        "HOME": home,
        "XDG_CACHE_HOME": f"{scope_dir}/cache",
        "MPLCONFIGDIR": f"{home}/.matplotlib",
        "IPYTHONDIR": f"{home}/.ipython",
        "JUPYTER_CONFIG_DIR": f"{home}/.jupyter",
        "JUPYTER_DATA_DIR": f"{home}/.local/share/jupyter",
        "JUPYTER_RUNTIME_DIR": f"{home}/.local/share/jupyter/runtime",
    }


def _threads(cpus: int) -> dict[str, str]:
    """Libraries count the host's processors, not the container's share of them."""
    pools = ("OMP", "OPENBLAS", "MKL", "NUMBA")
    return {f"{pool}_NUM_THREADS": str(cpus) for pool in pools}
