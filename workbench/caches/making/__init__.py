"""Caches of what is made: the collection that is read for it, the speeds of this machine, the cost."""
