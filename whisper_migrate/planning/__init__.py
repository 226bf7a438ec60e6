"""From one catalog to another: the steps, their order, and what they would lose."""
