"""Damaged real input in volume, for all that strangers' bytes reach in Python."""
