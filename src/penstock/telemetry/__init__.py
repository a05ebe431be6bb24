"""Logs and metrics."""

from penstock.telemetry.logs import configure_logs
from penstock.telemetry.metrics import Metrics

__all__ = ["Metrics", "configure_logs"]
