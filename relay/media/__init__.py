"""Pure media code: no I/O, no clock."""
