"""Every setting: its name, default, unit and range, and how it is read."""

from penstock.settings.load import SettingsError, load, secret
from penstock.settings.schema import (
    Cors,
    Database,
    EngineSettings,
    Limits,
    ModelSettings,
    PriceSettings,
    PricingSettings,
    ProviderSettings,
    Records,
    Server,
    Settings,
    SpoolSettings,
    StoredSettings,
    TargetSettings,
    Timeouts,
)

__all__ = [
    "Cors",
    "Database",
    "EngineSettings",
    "Limits",
    "ModelSettings",
    "PriceSettings",
    "PricingSettings",
    "ProviderSettings",
    "Records",
    "Server",
    "Settings",
    "SettingsError",
    "SpoolSettings",
    "StoredSettings",
    "TargetSettings",
    "Timeouts",
    "load",
    "secret",
]
