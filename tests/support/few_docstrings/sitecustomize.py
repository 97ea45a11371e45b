"""For a process that starts with this folder on its PYTHONPATH: the built-in collection of one package, json.

To parse the docstrings of all packages takes ten seconds, and who tests a page that offers them reads none.
"""

import json
from pathlib import Path

from data import docstrings

docstrings._roots = lambda: {"python": Path(json.__file__).parent}
