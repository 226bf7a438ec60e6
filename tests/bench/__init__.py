"""`make bench`: our commands beside their peers, on one server, in one run. Medians and ratios, no assertions."""
