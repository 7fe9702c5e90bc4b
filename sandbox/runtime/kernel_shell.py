"""In the kernel: ipykernel's classes with our limits, our values and our control message."""

from __future__ import annotations

import contextlib
import sys
from typing import Any, Final

from ipykernel.displayhook import ZMQShellDisplayHook
from ipykernel.iostream import OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQInteractiveShell
from traitlets.config import Config

from sandbox.runtime.kernel_attach import Attachment
from sandbox.runtime.kernel_values import VALUE_MIME, as_json, describe_variables

PIECE_CHARS: Final = 64 * 1024
EXIT_WARNING: Final = "exit() does nothing here: restart the scope, or delete it"


class CappedStream(OutStream):  # type: ignore[misc]
    """Standard output that a statement may fill once and no more: the rest is dropped here."""

    room_chars = 0
    cap_chars = 0
    has_written = True

    def refill(self, max_chars: int) -> None:
        """A new statement begins; one character more than allowed tells the agent of the cut."""
        self.room_chars = self.cap_chars = max_chars + 1

    def write(self, string: str) -> int | None:
        """Write what there is room for, in pieces: one message each, none of them huge."""
        if not isinstance(string, str):
            return super().write(string)
        kept = string[: self.room_chars]
        self.room_chars -= len(kept)
        for start in range(0, len(kept), PIECE_CHARS):
            super().write(kept[start : start + PIECE_CHARS])
            # After it: a flush between the two then sends it, and the next has nothing to do.
            self.has_written = True
            if len(kept) > PIECE_CHARS:
                self.flush()
        return len(string)

    def flush(self) -> None:
        """Wait until what was written has been sent; where nothing was there is no wait."""
        if self.has_written:
            self.has_written = False
            super().flush()


class ValueHook(ZMQShellDisplayHook):  # type: ignore[misc]
    """The display hook that adds the value itself, where it is JSON."""

    def compute_format_data(self, result: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Representations by MIME type, and their metadata."""
        limit = self.shell.kernel.max_output_bytes
        text = as_json(result, limit)
        if text is not None:
            return {VALUE_MIME: text, "text/plain": ""}, {}
        formats, metadata = super().compute_format_data(result)
        with contextlib.suppress(Exception):  # a repr that fails: IPython has said so already
            formats["text/plain"] = repr(result)
        formats["text/plain"] = str(formats.get("text/plain", ""))[:limit]
        return formats, metadata


class ScopeShell(ZMQInteractiveShell):  # type: ignore[misc]
    """IPython's shell with our display hook."""

    displayhook_class = ValueHook

    def ask_exit(self) -> None:
        """What `exit()` and `quit()` do: the namespace ends with the scope, or by a restart."""
        print(EXIT_WARNING, file=sys.stderr)  # noqa: T201  (to the tenant)


class ScopeKernel(IPythonKernel):  # type: ignore[misc]
    """The kernel with one more control message, by which the agent tells and asks things."""

    shell_class = ScopeShell
    control_msg_types = (*IPythonKernel.control_msg_types, "geoscope_request")
    attachment: Any = None
    max_output_bytes = 10 * 1024**2

    def furnish(self, attachment: Attachment, max_output_bytes: int) -> None:
        """Give the kernel its connection to Spark and its limits; before the first statement."""
        self.attachment = attachment
        self.max_output_bytes = max_output_bytes
        self.given = dict(self.shell.user_ns)
        self.variables: list[Any] = []
        self.shell.events.register("pre_run_cell", self._before)
        self.shell.events.register("post_run_cell", self._after)

    async def geoscope_request(self, stream: Any, ident: Any, parent: Any) -> None:
        """Answer the agent; runs on the control thread, beside a running statement."""
        content = parent["content"]
        answer = getattr(self, f"on_{content['kind']}")(content)
        self.session.send(stream, "geoscope_reply", {"answer": answer}, parent, ident=ident)

    def on_session(self, content: dict[str, Any]) -> None:
        """A session was made: it becomes a variable, its variables become ours."""
        session = self.attachment.take(content["name"], content["target"])
        self.attachment.set_envs(content["envs"])
        self._give(content["name"], session)

    def on_forget(self, content: dict[str, Any]) -> None:
        """A session was deleted: so is its variable, unless it is something else by now."""
        session = self.attachment.sessions.pop(content["name"], None)
        if self.shell.user_ns.get(content["name"]) is session:
            self.shell.user_ns.pop(content["name"], None)

    def on_variables(self, _content: dict[str, Any]) -> list[Any]:
        """The namespace as of the last finished statement."""
        return self.variables

    def _give(self, name: str, value: Any) -> None:
        self.given[name] = self.shell.user_ns[name] = value

    def _before(self, _info: Any) -> None:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, CappedStream):
                stream.refill(self.max_output_bytes)
        if self.attachment.is_closed:
            self.attachment.renew()
            for name, session in self.attachment.sessions.items():
                self._give(name, session)
            self._give("sc", self.attachment.spark.sparkContext)

    def _after(self, _result: Any) -> None:
        self.variables = describe_variables(self.shell.user_ns, self.given)


class ScopeKernelApp(IPKernelApp):  # type: ignore[misc]
    """The application without a heartbeat: the agent waits on the process itself."""

    kernel_class = ScopeKernel

    def init_heartbeat(self) -> None:
        """No heartbeat."""


def configuration() -> Config:
    """IPython without colours, files of its own and kept results."""
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.cache_size = 0
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.xmode = "Plain"
    config.IPKernelApp.outstream_class = f"{__name__}.CappedStream"
    return config
