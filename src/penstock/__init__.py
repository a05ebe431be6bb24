"""Penstock: one API in front of every language model, hosted or local."""

__version__ = "0.1.0"
