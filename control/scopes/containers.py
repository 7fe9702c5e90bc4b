"""What the engine holds of one sandbox: made, named, cleared away. It knows no states."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from control.engine.driver import SANDBOX_LABEL, ContainerPlan
from control.errors import EngineError, NameTaken, NoCapacity
from control.scopes.backing import Backing
from control.scopes.limits import agent_settings
from control.scopes.naming import container_names, labels
from control.scopes.scope import Scope


class Containers:
    """Makes and removes the containers of sandboxes, and their disks."""

    def __init__(self, backing: Backing) -> None:
        self._backing = backing
        self._driver = backing.driver

    async def make_disk(self, scope: Scope) -> Path:
        """The scope's folder; raises NoCapacity."""
        berths = self._backing.berths
        owner = await self._driver.host_uid(scope.uid)
        try:
            return await berths.make(scope.sandbox_id, owner, scope.limits.disk_bytes)
        except OSError as error:
            why = f"no disk could be made: {error.strerror or error}"
            raise NoCapacity(why) from error

    async def start(self, scope: Scope, scope_dir: Path) -> str:
        """A new container of the scope, started; raises NoCapacity where the engine has no room."""
        plan = self._plan(scope, scope_dir)
        try:
            scope.container_id = await self._create(plan, container_names(scope)[1])
            await self._driver.start(scope.container_id)
        except EngineError as error:
            raise NoCapacity(error.message) from error
        return scope.container_id

    async def rename(self, scope: Scope, container_id: str) -> None:
        """Name the container after the scope."""
        name, other = container_names(scope)
        try:
            await self._driver.rename(container_id, name)
        except NameTaken:
            await self._driver.rename(container_id, other)

    async def clear(self, scope: Scope, grace_s: float | None) -> None:
        """Remove the scope's container; where its id is unknown, whatever has its label.

        Within `grace_s` it may end by itself; None: there is nothing that it could still do.
        """
        ids = [scope.container_id] if scope.container_id else await self._labelled(scope)
        await asyncio.gather(*(self._remove(id, grace_s) for id in ids))
        scope.container_id = None

    async def _labelled(self, scope: Scope) -> list[str]:
        listed = await self._driver.list(self._backing.store.installation)
        return [s.id for s in listed if s.labels.get(SANDBOX_LABEL) == scope.sandbox_id]

    async def _remove(self, id: str, grace_s: float | None) -> None:
        if grace_s is not None:
            await self._driver.stop(id, grace_s)
        await self._driver.remove(id)

    async def _create(self, plan: ContainerPlan, other_name: str) -> str:
        try:
            return await self._driver.create(plan)
        except NameTaken:
            return await self._driver.create(replace(plan, name=other_name))

    def _plan(self, scope: Scope, scope_dir: Path) -> ContainerPlan:
        limits = self._backing.limits
        return ContainerPlan(
            name=container_names(scope)[0],
            sandbox_id=scope.sandbox_id,
            uid=scope.uid,
            gid=scope.uid,
            labels=labels(scope, self._backing.store.installation, limits),
            image=limits.image,
            memory_bytes=scope.limits.memory_bytes,
            cpus=scope.limits.cpus,
            pids=scope.limits.pids,
            gpu=scope.limits.gpu,
            scope_dir=scope_dir,
            data=limits.data,
            agent=agent_settings(scope.limits, limits, scope.sandbox_id),
        )
