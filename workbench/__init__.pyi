from pathlib import Path

from workbench.api import Study as Study
from workbench.api import ablate as ablate
from workbench.api import compare as compare
from workbench.api import explain as explain
from workbench.api import index as index
from workbench.api import latent as latent
from workbench.api import train as train
from workbench.api import why as why

ASSETS: Path
