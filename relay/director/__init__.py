"""What the programme shows. Pure: no I/O, no clock."""
