"""How strongly a latent fires, drawn: tokens by activation, in bins of equal ratio."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analyses.figures.theme import ACTIVATION, figure, translucent


def activation_histogram(histogram: pd.DataFrame, height: int = 260) -> go.Figure:
    """Bars of `histogram` (columns low, high, count); the stronger the activation, the deeper the hue."""
    chart = figure(height)
    low, high = histogram["low"].to_numpy(), histogram["high"].to_numpy()
    strength = np.sqrt(high / high.max()) if len(high) else high
    chart.add_bar(
        x=np.sqrt(low * high),
        width=(high - low) * 0.94,
        y=histogram["count"],
        marker={"color": [translucent(ACTIVATION, 0.25 + 0.75 * s) for s in strength], "cornerradius": 3},
        customdata=np.stack([low, high], axis=1) if len(low) else None,
        hovertemplate="%{y:,} tokens<br>activation %{customdata[0]:.2f} to %{customdata[1]:.2f}<extra></extra>",
    )
    ticks = [digit * 10.0**power for power in range(-4, 5) for digit in (1, 2, 5)]
    chart.update_xaxes(
        type="log",
        title="activation (log scale)",
        showgrid=False,
        tickvals=ticks,
        ticktext=[f"{tick:g}" for tick in ticks],
    )
    chart.update_yaxes(title="tokens", rangemode="tozero", nticks=5)
    return chart
