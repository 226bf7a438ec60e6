"""Many databases, one for each bot or tenant: where they stand, what differs, and their upgrade."""
