"""Vendors: one file each, or a row of compatible.toml. Pure: no sockets, storage, clock, or siblings."""
