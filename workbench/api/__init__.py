"""What a notebook calls, as `from workbench import ...` gives it: make a study, and ask it.

    sae = train("my-corpus/", "saes/mine")
    study = index(sae="saes/mine", collection="my-corpus/", out="studies/mine")
    explain(study, "how do cells repair DNA", study.search("how do cells repair DNA").doc_id[0])

Each does what the verb of its name does, with the same defaults; what it returns shows itself in a notebook.
"""

from retrieval.study import Study
from workbench.api.ask import ablate, compare, explain, latent, why
from workbench.api.make import index, train

__all__ = ["Study", "ablate", "compare", "explain", "index", "latent", "train", "why"]
