"""The process that holds one model: `python -m penstock.engine.child`, started by `process.py` and by nobody else.

It reads one JSON line (an `Order`) from stdin, opens llama.cpp's own HTTP server on a free port of the loopback
interface, and writes one JSON line (a `Report`) to stdout. Then it serves until stdin ends, which is how it is stopped
and how it notices that its parent is gone. Everything else that it or llama.cpp says goes to stderr, its log.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import select
import signal
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from penstock.engine.gguf import BadModelFile, Header, read_header

LARGEST_LOG: Final = 10 * 1024 * 1024
"""Bytes of log that are kept; over it the log begins anew."""

FAILED: Final = 3
"""Exit status of a process that could not load its model and has said so."""

_MOST_CONTEXT: Final = 8192  # tokens, where the settings name none: the memory that a call needs grows with it
_LOOK_AT_LOG_S: Final = 60.0
_PR_SET_PDEATHSIG: Final = 1


class Order(msgspec.Struct, frozen=True):
    """What to load and how; numbers as in the settings of the engine. `api_key` is what calls must bring."""

    path: str
    name: str
    api_key: str
    context: int
    parallel: int
    threads: int
    gpu_layers: int


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """How loading went: `error`, or all the rest. `engine` names the version of llama.cpp."""

    error: str = ""
    url: str = ""
    context: int = 0
    vocabulary: int = 0
    engine: str = ""


def context_of_call(setting: int, trained: int) -> int:
    """Tokens that one call has, prompt and answer together, with a model that was trained for `trained`."""
    return min(setting or _MOST_CONTEXT, trained)


def main() -> None:
    """Runs the process to its end."""
    report_to = os.dup(1)
    os.dup2(2, 1)  # whatever llama.cpp prints is log
    # Ctrl-C and a service manager's SIGTERM reach the whole group: calls under way may end, the parent stops us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        return
    _die_with_parent()
    _die_first()
    order = msgspec.json.decode(line, type=Order)
    try:
        report, server = _load(order, read_header(Path(order.path)))
    except (BadModelFile, OSError, RuntimeError) as error:
        _tell(report_to, Report(error=str(error)))
        sys.exit(FAILED)
    _tell(report_to, report)
    _serve(server)


def _load(order: Order, header: Header) -> tuple[Report, Any]:
    """Loads the model. Raises RuntimeError where llama.cpp says no; where it asserts, the process aborts."""
    import xllamacpp

    context = context_of_call(order.context, header.context)
    threads = order.threads or _cores()
    params = xllamacpp.CommonParams()
    params.model.path = order.path
    params.model_alias = {order.name}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [order.api_key]
    params.n_parallel = order.parallel
    params.n_ctx = context * order.parallel
    params.kv_unified = False  # each call has its own context, and none takes another's
    params.n_gpu_layers = order.gpu_layers
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.n_threads_http = order.parallel * 2 + 4  # a call whose client left holds its thread for a moment
    # What llama.cpp would do unasked.
    params.fit_params = False  # other sizes than those asked for
    params.cache_ram_mib = 0  # 8 GiB of memory for prompts
    params.cache_idle_slots = False
    params.prefill_assistant = False  # an answer that goes on with the last message, where a new one is due
    params.warmup = False
    params.ui = False
    params.endpoint_slots = False
    params.endpoint_props = False
    params.endpoint_metrics = False
    params.verbosity = 2  # warnings and errors: no text of prompts
    server = xllamacpp.Server(params)
    engine = f"xllamacpp {xllamacpp.__version__}"
    return Report(url=server.listening_address, context=context, vocabulary=header.vocabulary, engine=engine), server


def _serve(server: Any) -> None:
    """Waits for the end of stdin, then ends at once: llama.cpp's threads hold nothing that must be put away."""
    while True:
        readable, _, _ = select.select([0], [], [], _LOOK_AT_LOG_S)
        if readable and not os.read(0, 4096):
            os._exit(0)
        if os.fstat(2).st_size > LARGEST_LOG:
            os.ftruncate(2, 0)


def _tell(descriptor: int, report: Report) -> None:
    os.write(descriptor, msgspec.json.encode(report) + b"\n")
    os.close(descriptor)


def _die_with_parent() -> None:
    """Has the kernel end this process when the parent ends, even by kill -9, and while llama.cpp loads.

    Loading holds Python's lock, so no thread of ours could notice the end of stdin; the signal that asynchronous
    reading sends (SIGIO) needs none. On Linux the death of the parent is a signal of its own as well.
    """
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _die_first() -> None:
    """When memory runs out the kernel ends this process, not the one that serves everybody."""
    try:
        Path("/proc/self/oom_score_adj").write_text("1000")
    except OSError:
        return  # no Linux, or a container that does not let us


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    main()
