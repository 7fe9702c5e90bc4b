"""Whether Spark works: listeners tell of jobs, a little after they begin and end."""

from __future__ import annotations

from sandbox.runtime.spark import SparkRuntime
from sandbox.runtime.waiting import wait_until

DEADLINE_S = 30.0


def until_busy(runtime: SparkRuntime) -> None:
    """Return once a job runs."""
    jobs = runtime.sc.statusTracker().getActiveJobsIds
    wait_until(lambda: bool(jobs()), DEADLINE_S, "no job began")


def until_idle(runtime: SparkRuntime) -> None:
    """Return once no job runs."""
    jobs = runtime.sc.statusTracker().getActiveJobsIds
    wait_until(lambda: not jobs(), DEADLINE_S, "a job goes on")
