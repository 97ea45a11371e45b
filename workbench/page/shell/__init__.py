"""What stands around every page: the destinations, their tabs, the context, and what an address does not find."""
