"""What the pages say of the project is so: commands, links, versions, metrics, reasons for dependencies."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import penstock
from penstock.providers.rows import load_rows
from penstock.settings import load
from penstock.telemetry.metrics import NAMES

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
TOML = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as they are made from the headings' words."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue  # another site: not this test's to reach
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{_name(page)} links to {link}"
        assert not anchor or anchor in _anchors(target), f"{_name(page)} links to {link}"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", page.read_text("utf-8"), re.MULTILINE))
    assert named <= targets


def test_readme_begins_with_the_two_commands_and_a_call() -> None:
    first_screen = "\n".join((ROOT / "README.md").read_text("utf-8").splitlines()[:45])
    for wanted in ("make serve", "make test", "pip install penstock", "curl ", "/v1/chat/completions"):
        assert wanted in first_screen


def test_the_settings_of_the_readme_are_taken(tmp_path: Path) -> None:
    config = tmp_path / "penstock.toml"
    config.write_text("\n".join(TOML.findall((ROOT / "README.md").read_text("utf-8"))))
    settings = load(config, {"PENSTOCK_HOME": str(tmp_path)})
    assert {provider.kind for provider in settings.provider} <= set(load_rows())
    assert settings.model


def test_the_row_of_contributing_is_taken() -> None:
    (row,) = TOML.findall((ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    assert list(load_rows(row)) == ["acme"]
    assert len(row.splitlines()) == 4


def test_every_page_of_docs_is_reached_from_its_index() -> None:
    index = ROOT / "docs" / "index.md"
    linked = {(index.parent / link).resolve() for link in LINK.findall(index.read_text("utf-8"))}
    assert [_name(page) for page in (ROOT / "docs").rglob("*.md") if page != index and page not in linked] == []


def test_changelog_is_headed_by_this_version() -> None:
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[0] == penstock.__version__


def test_every_metric_is_on_its_page() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text("utf-8")
    assert sorted(name for name in NAMES if f"`{name}`" not in page) == []


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    lines = (ROOT / "pyproject.toml").read_text("utf-8").splitlines()
    for dependency in project:
        (line,) = [line for line in lines if line.strip().startswith(f'"{dependency}"')]
        assert re.search(r"# \S.{5,}", line), f"pyproject.toml: {dependency} without its reason"
    for line in (ROOT / "requirements" / "dev.in").read_text("utf-8").splitlines():
        assert line.startswith("#") or re.search(r"# \S.{5,}", line), f"requirements/dev.in: {line} without its reason"
