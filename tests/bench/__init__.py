"""`make bench`: compare the commands with similar tools, on one server in one run.

Medians and ratios, no assertions.
"""
