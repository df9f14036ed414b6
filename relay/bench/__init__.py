"""`relay bench`: figures, each with a floor or a peer in the same run.

Machines are shared and noisy. What is compared alternates, the first round is dropped, and a figure
is a median with its spread. CPU is a process's user and system time, from the operating system.
"""
