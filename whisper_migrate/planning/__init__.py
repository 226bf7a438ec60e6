"""Plan the change from one catalog to another: the steps, their order, and the data that they would lose."""
