"""Log lines: readable on a terminal, JSON elsewhere. Calls are records, not log lines: a call costs no line here."""

from __future__ import annotations

import contextlib
import logging
import sys

import structlog


class _Stderr:
    """Standard error, which may be a file on a full disk or a closed pipe: a line that is lost must not cost a call."""

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()


def configure_logs(level: str) -> None:
    """Sends every line to stderr from `level` on; stdout is for answers of commands."""
    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(_Stderr()),  # type: ignore[arg-type]  # all that it needs of a file
        cache_logger_on_first_use=True,
    )
