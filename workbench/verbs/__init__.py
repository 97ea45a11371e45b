"""The verbs of the `workbench` command: thin, one file each, listed in `registry`."""
