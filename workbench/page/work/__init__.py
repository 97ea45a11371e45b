"""Work that takes longer than a page: the button that queues it, and the tray that shows it on every page."""
