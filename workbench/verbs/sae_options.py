"""What the verbs that make SAEs share: options of encoder and training, and the facts of an SAE that they print."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data.errors import UserError
from workbench.making.parsing import parse_layer

if TYPE_CHECKING:
    from data.encoder_config import EncoderConfig
    from sae.model import SparseAutoencoder

EncoderName = Annotated[
    str,
    typer.Option(
        help="`minilm` (embedded), a Hugging Face id, or a folder; `random:NAME` is its twin with random weights.",
        metavar="ENCODER",
    ),
]
Layer = Annotated[
    str,
    typer.Option(
        help="`final`, a hidden layer (0 is the embeddings), a TransformerLens hook point: `blocks.4.hook_out`, "
        "or `projected`: what a multi-vector encoder's projection makes of the final states.",
        metavar="LAYER",
    ),
]
QueryPrefix = Annotated[
    str | None,
    typer.Option(
        help="Put before every query; without it the prompt in the encoder's files, if there is one."
    ),
]
DocumentPrefix = Annotated[
    str | None, typer.Option(help="Put before every document; without it the prompt in the encoder's files.")
]
SpecialTokens = Annotated[bool, typer.Option(help="Keep the states of [CLS], [SEP] and their like.")]
Latents = Annotated[int, typer.Option(help="Number of latents in the dictionary.")]
K = Annotated[int, typer.Option(help="Latents per token (L0); an average, except for Top-K.")]
Tokens = Annotated[str, typer.Option(help="Training tokens (repeats counted), such as 6M.")]
Epochs = Annotated[
    int,
    typer.Option(help="How often each token is seen: at most tokens / epochs distinct tokens are encoded."),
]
Batch = Annotated[int, typer.Option(help="Tokens per batch.")]
TrainingSeed = Annotated[int, typer.Option(help="Seed of documents, initialisation and order.")]
SAE_HELP = (
    "A folder or file of SAELens, EleutherAI's sparsify or dictionary_learning, a .safetensors file with named "
    "tensors, `hf:OWNER/NAME[/FOLDER]`, or SAELens's `RELEASE/SAE_ID`."
)


@dataclass(frozen=True)
class EncoderOptions:
    """The options that say how an encoder reads, as they are typed."""

    layer: str
    max_length: int | None
    query_prefix: str | None
    document_prefix: str | None
    special_tokens: bool

    def of(self, encoder: str, device: str, precision: str = "float32") -> EncoderConfig:
        """The configuration of an encoder that reads so."""
        from data.encoder_config import EncoderConfig

        return EncoderConfig(
            encoder,
            parse_layer(self.layer),
            self.max_length,
            self.query_prefix,
            self.document_prefix,
            self.special_tokens,
            precision,  # type: ignore[arg-type]  # Encoder.load refuses any other
            device,
        )


def checked_epochs(epochs: int) -> int:
    """The number of epochs, which must be at least 1."""
    if epochs < 1:
        raise UserError(f"--epochs {epochs} reads no text: expected 1 or more")
    return epochs


def described(sae: SparseAutoencoder, folder: str | Path) -> dict[str, Any]:
    """What a script wants to know of an SAE."""
    return {
        "sae": str(folder),
        "architecture": sae.architecture,
        "n_latents": sae.n_latents,
        "k": sae.k,
        "d_model": sae.d_model,
        "trained_on": dict(sae.trained_on),
    }
