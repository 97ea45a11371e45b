"""The command palette on the page: the box that opens with Ctrl-K."""
