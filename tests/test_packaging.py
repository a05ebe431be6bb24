"""The wheel holds the package and nothing else; the locks hold what the project asks for."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import penstock

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZipFile]:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.iterdir()
    assert path.name == f"penstock-{penstock.__version__}-py3-none-any.whl"
    with ZipFile(path) as wheel:
        yield wheel


def test_the_wheel_holds_the_package_and_nothing_else(wheel: ZipFile) -> None:
    package = {
        path.relative_to(SOURCE).as_posix()
        for path in (SOURCE / "penstock").rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }
    about = f"penstock-{penstock.__version__}.dist-info/"
    made = {about + name for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")}
    assert set(wheel.namelist()) == package | made
    assert {Path(name).suffix for name in package} <= {".py", ".toml", ".typed", ".gguf", ".json"}


READ_AT_RUN_TIME = [
    "penstock/py.typed",
    "penstock/providers/compatible.toml",
    "penstock/engine/bundled/penstock-tiny.gguf",
    "penstock/engine/bundled/penstock-tiny.json",
]


@pytest.mark.parametrize("name", READ_AT_RUN_TIME)
def test_the_wheel_holds_what_is_read_at_run_time(wheel: ZipFile, name: str) -> None:
    assert wheel.getinfo(name).file_size == (SOURCE / name).stat().st_size


def test_the_source_distribution_holds_it_too(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = tmp_path.iterdir()
    with tarfile.open(path) as sdist:
        held = {name.partition("/")[2] for name in sdist.getnames()}
    assert {f"src/{name}" for name in READ_AT_RUN_TIME} <= held


def test_the_wheel_holds_the_migrations(wheel: ZipFile) -> None:
    assert any(re.match(r"penstock/store/migrations/versions/\w+\.py$", name) for name in wheel.namelist())


def test_the_wheel_gives_the_command(wheel: ZipFile) -> None:
    about = f"penstock-{penstock.__version__}.dist-info/"
    assert "penstock = penstock.cli:main" in wheel.read(about + "entry_points.txt").decode()
    metadata = wheel.read(about + "METADATA").decode()
    assert "License-Expression: Apache-2.0" in metadata
    assert "Requires-Python: >=3.11" in metadata


def test_every_import_is_a_declared_dependency() -> None:
    """A library that only comes along with another one may be gone with that one's next release."""
    declared = {canonicalize_name(Requirement(text).name) for text in _dependencies()}
    imported = {
        name.partition(".")[0]
        for path in (SOURCE / "penstock").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in _imported(node)
    }
    distributions = packages_distributions()
    undeclared = {
        name
        for name in imported - sys.stdlib_module_names - {"penstock", "compression"}  # the last one came with 3.14
        if not declared & {canonicalize_name(distribution) for distribution in distributions.get(name, [name])}
    }
    assert undeclared == set()


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module]
    return []


def _dependencies() -> list[str]:
    dependencies: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    return dependencies


def _pins(lock: str) -> dict[str, set[str]]:
    """Versions by name: more than one where platforms differ."""
    pins: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / "requirements" / lock).read_text("utf-8"), re.M):
        pins.setdefault(canonicalize_name(name), set()).add(version)
    return pins


@pytest.mark.parametrize(
    ("lock", "sources"), [("runtime.lock", ["build.in"]), ("dev.lock", ["build.in", "dev.in"])], ids=["runtime", "dev"]
)
def test_the_lock_holds_what_is_asked_for(lock: str, sources: list[str]) -> None:
    wanted = _dependencies()
    for source in sources:
        lines = (ROOT / "requirements" / source).read_text("utf-8").splitlines()
        wanted += [line.partition("#")[0].strip() for line in lines if not line.startswith("#")]
    pins = _pins(lock)
    for requirement in map(Requirement, wanted):
        versions = pins.get(canonicalize_name(requirement.name), set())
        assert versions, f"{lock} lacks {requirement.name}: run `make lock`"
        assert all(version in requirement.specifier for version in versions), f"{lock}: {requirement}: run `make lock`"


def test_the_locks_agree() -> None:
    runtime, dev = _pins("runtime.lock"), _pins("dev.lock")
    assert {name: dev.get(name) for name in runtime} == runtime


@pytest.mark.parametrize("lock", ["runtime.lock", "dev.lock"])
def test_every_pin_has_a_hash_and_no_address(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text("utf-8")
    assert "://" not in text
    blocks = re.split(r"^(?=[\w.-]+==)", text, flags=re.M)[1:]
    assert len(blocks) >= len(_pins(lock))
    assert [block.split("==")[0] for block in blocks if "--hash=sha256:" not in block] == []
