"""The demo broadcast's pictures and sound, drawn in real time with numpy alone.

Everything here is pure: time is an argument, and the same seed gives the same picture. Only
`camera` has a clock and a socket; it is what turns a scene into a live source.
"""
