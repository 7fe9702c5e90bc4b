"""The agent's entry, `python -m sandbox.agent`: starts everything, and ends when it must."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import TYPE_CHECKING, Final

import msgspec
import uvloop

from sandbox.runtime.environment import child_environment
from sandbox.runtime.folders import ScopeFolders
from sandbox.runtime.jvm import Jvm, JvmEnded, exit_code_of
from sandbox.runtime.processes import adopt_orphans, oom_kills
from sandbox.runtime.quiet import quieten_logs
from wire.protocol import EXIT_REASONS, PROTOCOL, RUN_FOLDER, SOCKET_NAME, ExitCode
from wire.settings import AgentSettings

if TYPE_CHECKING:
    from aiohttp import web

    from sandbox.runtime.notebook import Notebook
    from sandbox.server.services import Services, SparkServices

SIGTERM_EXIT: Final = 143
WATCH_S: Final = 1.0
"""How often the Spark context is asked whether somebody stopped it."""
WARM_DELAY_S: Final = 4.0
WARM_S: Final = 60.0
END_S: Final = 5.0
JVM_END_S: Final = 3.0
OOM_LOOK_S: Final = 5.0
"""How often it is noted what the kernel has killed: only the latest can have been the JVM."""
RESTORE_S: Final = 120.0
LOG_FORMAT: Final = "ts=%(asctime)s level=%(levelname)s logger=%(name)s event=%(message)r"

logger = logging.getLogger("sandbox.agent")


class Agent:
    """The parts of one agent and their order of coming and going.

    What ends first - the JVM, its Spark context, a wish to shut down - decides the exit code,
    through `_outcome`; `_killed_before`, what the kernel had killed for want of memory a while ago,
    tells why the JVM did.
    """

    def __init__(self, settings: AgentSettings, jvm: Jvm) -> None:
        self._settings = settings
        self._folders = ScopeFolders.of(settings)
        self._jvm = jvm
        self._killed_before = oom_kills()
        self._outcome: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def run(self) -> int:
        """Serve until something ends it; the exit code."""
        services, runner = await self._listen()
        notebook = await self._notebook()
        tasks = [
            asyncio.create_task(self._start_spark(services, notebook)),
            asyncio.create_task(self._shut_down(services)),
            asyncio.create_task(self._tidy(services)),
            asyncio.create_task(self._count_killed()),
        ]
        self._watch_jvm()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._end, SIGTERM_EXIT)
        code = await self._outcome
        logger.info("ending, exit code %d: %s", code, EXIT_REASONS[code])
        for task in tasks:
            task.cancel()
        await self._close(services, notebook, runner)
        return code

    async def _listen(self) -> tuple[Services, web.AppRunner]:
        """Answer health at once, everything else once there is Spark."""
        from aiohttp import web  # the JVM starts meanwhile

        from sandbox.runtime.files import Files
        from sandbox.server.app import make_app
        from sandbox.server.services import Services

        services = Services(self._settings, Files(self._folders.files))
        runner = web.AppRunner(make_app(services), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        self._folders.socket.unlink(missing_ok=True)
        # Relative to the working folder: an address holds 107 bytes.
        await web.UnixSite(runner, f"../{RUN_FOLDER}/{SOCKET_NAME}").start()
        return services, runner

    async def _notebook(self) -> Notebook:
        # On a thread, so that health is answered meanwhile.
        module = await asyncio.to_thread(import_module, "sandbox.runtime.notebook")
        env = child_environment(os.environ, self._folders, self._settings.cpus)
        notebook: Notebook = module.Notebook(self._folders, env, self._jvm.process.pid)
        await notebook.prepare()
        return notebook

    async def _start_spark(self, services: Services, notebook: Notebook) -> None:
        try:
            await self._bring_up(services, notebook)
        except (JvmEnded, TimeoutError):
            logger.exception("the JVM did not start")
            self._end(ExitCode.JVM_FAILED_TO_START)
        except Exception:
            logger.exception("Spark did not start")
            self._end(ExitCode.AGENT_BUG)
        else:
            await asyncio.gather(self._warm(services), self._watch_spark(services))

    async def _warm(self, services: Services) -> None:
        """Spare the first SQL++, rows and map what they load, after the first statements."""
        await asyncio.sleep(WARM_DELAY_S)
        spark = services.ready()
        steps: dict[str, Callable[[], Awaitable[None]]] = {
            "SQL++": lambda: asyncio.to_thread(spark.statements.warm),
            "rows": lambda: spark.board.run("warm", WARM_S, spark.queries.warm),
            "maps": lambda: asyncio.to_thread(spark.maps.warm),
        }
        for what, warm in steps.items():
            try:
                await warm()
            except Exception:
                # Every request will say the same to whoever made it; the rest works.
                logger.exception("not warm: %s", what)

    async def _bring_up(self, services: Services, notebook: Notebook) -> None:
        # Imports take a second, in which the JVM starts.
        composition = await asyncio.to_thread(import_module, "sandbox.server.composition")
        gateway = await asyncio.to_thread(self._jvm.connect)
        services.at("spark")

        def compose() -> SparkServices:
            made: SparkServices = composition.compose(
                self._settings, gateway, notebook, lambda: services.at("session")
            )
            return made

        spark = await asyncio.to_thread(compose)
        composition.open_notebook(spark)
        services.at("catalog")
        await spark.board.run("restore", RESTORE_S, lambda _work: spark.tables.restore())
        await spark.statements.restore()
        services.spark = spark
        services.at("ready")
        logger.info("ready: Spark %s, protocol %d", spark.runtime.sc.version, PROTOCOL)

    async def _watch_spark(self, services: Services) -> None:
        runtime = services.ready().runtime
        stopped = False
        while not stopped:
            await asyncio.sleep(WATCH_S)
            with contextlib.suppress(Exception):  # no answer: the JVM's end is watched elsewhere
                stopped = await asyncio.to_thread(lambda: runtime.is_stopped)
        # A JVM that is ending stops its context first; then its own end is the reason.
        await asyncio.wait({self._outcome}, timeout=JVM_END_S)
        self._end(ExitCode.SPARK_STOPPED)

    def _watch_jvm(self) -> None:
        loop = asyncio.get_running_loop()

        def wait() -> None:
            code = self._jvm.process.wait()
            ending = exit_code_of(code, memory_ran_out=oom_kills() != self._killed_before)
            with contextlib.suppress(RuntimeError):  # the loop may have ended before
                loop.call_soon_threadsafe(self._end, ending)

        threading.Thread(target=wait, name="jvm", daemon=True).start()

    async def _count_killed(self) -> None:
        """What the kernel has killed long before the JVM ended was something else."""
        while True:
            await asyncio.sleep(OOM_LOOK_S)
            self._killed_before = oom_kills()

    async def _tidy(self, services: Services) -> None:
        """A scope may hold many files: nobody waits for the look at all of them."""
        dropped = await asyncio.to_thread(services.files.drop_leftovers)
        if dropped:
            logger.info("unfinished uploads removed: %d", dropped)

    async def _shut_down(self, services: Services) -> None:
        await services.shutdown.wait()
        self._end(ExitCode.OK)

    def _end(self, code: int) -> None:
        if not self._outcome.done():
            self._outcome.set_result(int(code))

    async def _close(self, services: Services, notebook: Notebook, runner: web.AppRunner) -> None:
        await runner.cleanup()
        await notebook.close()
        if services.spark is not None:
            services.spark.board.close()
            services.spark.statements.close()
        await asyncio.to_thread(self._jvm.close, END_S)
        self._folders.socket.unlink(missing_ok=True)


async def serve(settings: AgentSettings, jvm: Jvm) -> int:
    """Run an agent over a JVM that was just started; the exit code."""
    return await Agent(settings, jvm).run()


def main() -> int:
    """Read the settings, start the JVM first because it takes longest, and serve."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format=LOG_FORMAT)
    quieten_logs()
    for noisy in ("asyncio", "aiohttp.server", "py4j"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    os.umask(0o077)
    try:
        settings = AgentSettings.from_env(os.environ)
    except msgspec.ValidationError as error:
        logger.critical("bad settings: %s", error)
        return ExitCode.BAD_SETTINGS
    folders = ScopeFolders.of(settings)
    folders.make()
    os.chdir(folders.files)
    adopt_orphans()
    # SIGTERM ends an agent. Under a fork bomb the interrupt of its kernel ended us, too; by what
    # way it came is not known, no signal to our main thread was traced.
    signal.signal(signal.SIGINT, lambda *_: None)
    try:
        jvm = Jvm.start(settings, child_environment(os.environ, folders, settings.cpus))
    except OSError as error:
        logger.critical("Java cannot be started: %s", error)
        return ExitCode.JVM_FAILED_TO_START
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(serve(settings, jvm))


if __name__ == "__main__":
    sys.exit(main())
