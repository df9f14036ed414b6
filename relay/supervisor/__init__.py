"""Starts, restarts and stops the relay's processes on this machine."""
