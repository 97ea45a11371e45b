"""Who may reach the app, who may see it, and what it offers to those with whom it is shared."""
