"""Tell a difference from another spelling, and leave out what the models do not decide."""
