"""Wire formats, both ways. No I/O, no clock."""
