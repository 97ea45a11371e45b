"""How does every figure look?

Colours of systems, the template, shared traces and axes, and the style for print.
"""

__all__ = ["fitting", "lines", "names", "paths", "print_style", "theme"]
