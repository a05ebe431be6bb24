"""Reads `penstock.toml` and `PENSTOCK_SECTION__NAME`; an unknown name is an error that names the nearest known one."""

from __future__ import annotations

import difflib
import os
import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from penstock.settings.schema import Settings

_SECTIONS = {
    f.name: f.type for f in msgspec.structs.fields(Settings) if f.name not in ("provider", "model", "price", "home")
}
_OTHER = {"PENSTOCK_HOME", "PENSTOCK_CONFIG"}  # read here, and no setting of any section


class SettingsError(Exception):
    """The settings are wrong; the message says which, where, and what is allowed."""


def load(config: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings from `config` (or `penstock.toml` in the working folder, if there), then the environment over it.

    Raises SettingsError.
    """
    path = config or Path(environ.get("PENSTOCK_CONFIG") or "penstock.toml")
    data: dict[str, Any] = {}
    if path.is_file():
        try:
            data = tomllib.loads(path.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise SettingsError(f"{path}: {error}") from error
    elif config is not None or environ.get("PENSTOCK_CONFIG"):
        raise SettingsError(f"{path}: there is no such file")
    if "home" in data:
        raise SettingsError(f"{path}: 'home' is set with PENSTOCK_HOME, not in the file")
    _overlay(data, environ)
    data["home"] = environ.get("PENSTOCK_HOME") or str(_data_folder(environ))
    _unknown_names(data, str(path))
    try:
        settings = msgspec.convert(data, Settings)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{path}: {error}".replace("$.", "")) from error
    _check(settings, str(path))
    return settings


def secret(value: str, environ: Mapping[str, str] = os.environ) -> str:
    """The secret that `env:NAME` or `file:PATH` stands for; any other string is the secret itself.

    Raises SettingsError where the variable or file is missing or empty.
    """
    if value.startswith("env:"):
        found = environ.get(value[4:], "")
        if not found:
            raise SettingsError(f"the environment variable {value[4:]} is not set or is empty")
        return found
    if value.startswith("file:"):
        try:
            found = Path(value[5:]).read_text("utf-8").strip()
        except OSError as error:
            raise SettingsError(f"{value[5:]}: {error.strerror}") from error
        if not found:
            raise SettingsError(f"{value[5:]}: the file is empty")
        return found
    return value


def _data_folder(environ: Mapping[str, str]) -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "penstock"
    if sys.platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or Path.home()) / "penstock"
    return Path(environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "penstock"


def _overlay(data: dict[str, Any], environ: Mapping[str, str]) -> None:
    for name, text in environ.items():
        if not name.startswith("PENSTOCK_") or name in _OTHER:
            continue
        section, _, key = name[len("PENSTOCK_") :].lower().partition("__")
        if not key:
            known = sorted(_OTHER) + [f"PENSTOCK_{s.upper()}__..." for s in _SECTIONS]
            raise SettingsError(f"the environment variable {name} is no setting{_nearest(name, known)}")
        if section not in _SECTIONS:
            raise SettingsError(f"{name}: there is no section '{section}'{_nearest(section, list(_SECTIONS))}")
        types = {f.name: f.type for f in msgspec.structs.fields(_SECTIONS[section])}
        if key not in types:
            raise SettingsError(f"{name}: there is no setting '{section}.{key}'{_nearest(key, list(types))}")
        try:
            value = msgspec.convert(text, types[key], strict=False)
        except msgspec.ValidationError:
            try:
                value = msgspec.json.decode(text.encode(), type=types[key])
            except (msgspec.ValidationError, msgspec.DecodeError) as error:
                raise SettingsError(f"{name}: {text!r}: {error}") from error
        data.setdefault(section, {})[key] = value


def _unknown_names(data: Mapping[str, Any], where: str) -> None:
    """msgspec refuses unknown names too, but does not say which known one is near."""

    def walk(value: Any, kind: Any, at: str) -> None:
        if isinstance(value, list):
            (inner,) = getattr(kind, "__args__", (None,))
            for i, item in enumerate(value):
                walk(item, inner, f"{at}[{i}]")
        elif isinstance(value, Mapping) and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            types = {f.name: f.type for f in msgspec.structs.fields(kind)}
            for name, inner_value in value.items():
                path = f"{at}.{name}" if at else name
                if name not in types:
                    raise SettingsError(f"{where}: there is no setting '{path}'{_nearest(name, list(types))}")
                inner_kind = types[name]
                walk(inner_value, inner_kind, path)

    walk(data, Settings, "")


def _nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, 1, 0.4)
    return f"; did you mean '{near[0]}'?" if near else f"; known are {', '.join(sorted(known))}"


def _check(settings: Settings, where: str) -> None:
    names = [p.name for p in settings.provider]
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(f"{where}: provider '{name}' is there twice; names are unique")
        if name == "local" or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
            raise SettingsError(f"{where}: provider name '{name}': letters, digits, '.', '_', '-', and not 'local'")
    for price in settings.price:
        if price.provider != "local" and price.provider not in names:
            raise SettingsError(
                f"{where}: price of '{price.model}': there is no provider '{price.provider}'"
                + _nearest(price.provider, [*names, "local"])
            )
    taken: dict[str, str] = {}
    for model in settings.model:
        if not model.targets:
            raise SettingsError(f"{where}: model '{model.name}' has no targets")
        for target in model.targets:
            if target.provider != "local" and target.provider not in names:
                raise SettingsError(
                    f"{where}: model '{model.name}': there is no provider '{target.provider}'"
                    + _nearest(target.provider, [*names, "local"])
                )
        for name in (model.name, *model.aliases):
            if name in taken:
                raise SettingsError(f"{where}: the name '{name}' is there twice: '{taken[name]}', '{model.name}'")
            taken[name] = model.name
