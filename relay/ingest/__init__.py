"""Sockets that cameras send to; no media is decoded here."""
