"""What every test may use, and what holds for every run."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from secrets import randbelow

import pytest
from hypothesis import settings

# Below the ports that the system hands out by itself, so that no connection of another test sits on one of these.
_FIRST_PORT, _PORTS = 12_000, 20_000


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="a skipped test fails the run (CI)")


def pytest_configure(config: pytest.Config) -> None:
    # In CI the same examples each time: what is found there must be found again. Elsewhere new ones at each run, and
    # no deadline anywhere: two busy cores are slower than one example may take.
    settings.register_profile("penstock", deadline=None, derandomize=bool(os.environ.get("CI")))
    settings.load_profile("penstock")
    # Settings of the person who runs the tests must not reach them, and a test that forgets the `home` fixture
    # must fail rather than write into that person's data folder.
    for name in [name for name in os.environ if name.startswith("PENSTOCK_")]:
        del os.environ[name]
    os.environ["PENSTOCK_HOME"] = os.path.join(os.devnull, "no-home-fixture")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.getoption("no_skips") and _skipped(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    skipped = _skipped(config)
    if skipped:
        terminalreporter.section("not run, since something was missing")
        for line in skipped:
            terminalreporter.line(line)
        if config.getoption("no_skips"):
            terminalreporter.line(f"--no-skips: {len(skipped)} skipped, so this run has failed", red=True)


def _skipped(config: pytest.Config) -> list[str]:
    """A line for each skip, `test: reason`; empty in a worker of pytest-xdist, which reports to its controller."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return []
    lines = []
    for report in reporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        lines.append(f"{report.nodeid}: {str(reason).removeprefix('Skipped: ')}")
    return sorted(lines)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on the event loop that the server runs on."""
    return "asyncio"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of this test's own, not made yet; in the environment for this process and its children."""
    folder = tmp_path / "home"
    monkeypatch.setenv("PENSTOCK_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def next_port() -> Callable[[], int]:
    """Gives a port on 127.0.0.1 that is free, another one at each call and in each worker of pytest-xdist."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    start = randbelow(_PORTS)  # not `random`, which pytest-randomly seeds: runs side by side would all start here
    given = 0

    def take() -> int:
        nonlocal given
        while given * workers < _PORTS:
            port = _FIRST_PORT + (start - start % workers + given * workers + worker) % _PORTS
            given += 1
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT will do
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
            return port
        raise RuntimeError(f"no free port from {_FIRST_PORT} to {_FIRST_PORT + _PORTS - 1}")

    return take


@pytest.fixture
def free_port(next_port: Callable[[], int]) -> int:
    """A port on 127.0.0.1 that is free; `next_port` gives more."""
    return next_port()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder `shared/` beside the checkout: recorded traffic and specifications. Skips where it is not there."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("no shared/ folder beside the checkout (recorded traffic, specifications)")
    return folder
