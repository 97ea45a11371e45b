"""The machine and the versions that a benchmark ran on, and its table in Markdown."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path


def machine(packages: Sequence[str]) -> dict[str, str]:
    """Processor, cores, Python, and the versions of the compared packages."""
    cpuinfo = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*: (.+)", cpuinfo.read_text()) if cpuinfo.is_file() else None
    flags = cpuinfo.read_text() if cpuinfo.is_file() else ""
    features = [name for name in ("avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16") if name in flags]
    return {
        "processor": (model.group(1) if model else platform.processor()) + f" ({', '.join(features)})",
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
    } | {package: importlib.metadata.version(package) for package in packages}


def markdown_table(rows: Sequence[dict[str, object]]) -> str:
    """Rows with equal keys as a Markdown table."""
    header = list(rows[0])
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(str(row[name]) for name in header) + " |" for row in rows]
    return "\n".join(lines)
