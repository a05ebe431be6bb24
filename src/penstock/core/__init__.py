"""Values of the domain: calls, usage, records, errors, ids. No I/O, no clock."""
