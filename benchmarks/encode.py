"""Token states per second: `Encoder` and sentence-transformers' `encode(output_value="token_embeddings")`.

    python benchmarks/encode.py [--quick] [--json]

Both encode the same documents (the built-in docstrings) with the same model, length limit and threads, in turn,
several times; the median counts. The benchmark fails unless their states are equal up to float16 rounding.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from machine import machine, markdown_table
from sentence_transformers import SentenceTransformer

from data.docstrings import docstring_collection
from data.encoders import Encoder, EncoderConfig, bfloat16_is_native, resolve_model


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer documents and rounds")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    n_docs, rounds = (128, 2) if arguments.quick else (1024, 5)
    texts = list(docstring_collection().corpus.texts)
    texts = [texts[row] for row in np.random.default_rng(0).permutation(len(texts))[:n_docs]]

    peer = SentenceTransformer(resolve_model("minilm"), device="cpu")
    peer.max_seq_length = 256
    contenders = {
        "sentence-transformers, float32": lambda: peer.encode(texts, output_value="token_embeddings")
    }
    precisions = ["float32"] + ["bfloat16"] * bfloat16_is_native(torch.device("cpu"))
    for precision in precisions:
        encoder = Encoder.load(EncoderConfig(precision=precision, device="cpu"))  # type: ignore[arg-type]
        contenders[f"ours, {precision}"] = lambda encoder=encoder: encoder.encode(texts)

    states = Encoder.load(EncoderConfig(device="cpu")).encode(texts)
    expected = peer.encode(texts, output_value="token_embeddings")
    for row, state in enumerate(expected):
        np.testing.assert_allclose(states.states[row], np.asarray(state), atol=4e-3, rtol=4e-3)

    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, work in contenders.items():
            times[name].append(seconds(work))
    base = statistics.median(times["sentence-transformers, float32"])
    rows = [
        {
            "encoder": name,
            "tokens/s": f"{states.n_tokens / statistics.median(spent):,.0f}",
            "times sentence-transformers": f"{base / statistics.median(spent):.2f}",
        }
        for name, spent in times.items()
    ]
    facts = machine(["torch", "transformers", "sentence-transformers"])
    facts["work"] = f"{n_docs} docstrings, {states.n_tokens:,} tokens, median of {rounds} rounds"
    print(json.dumps({"machine": facts, "rows": rows}, indent=2) if arguments.json else markdown_table(rows))
    if not arguments.json:
        print("\n" + "; ".join(f"{key} {value}" for key, value in facts.items()))


if __name__ == "__main__":
    main()
