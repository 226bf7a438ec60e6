"""Many databases with one history, such as one per bot or tenant: status, comparison and upgrade."""
