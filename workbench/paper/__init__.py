"""A paper's evidence from one command: a configuration becomes cells, cells tables, and tables figures."""
