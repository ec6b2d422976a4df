"""Draw the picture of the README: ``python docs/demo_picture.py results/demo-edx docs/demo-edx.png``."""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib
import numpy as np
import tifffile

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow" / "lib"))
from noisebound.files.predictions import Predictions
from noisebound.files.scan import Scan

SCAN, ROW, BAR = "edx_71GPa", 82, 100.0
TOKEN_COLOURS = ["#332288", "#44aa99", "#cc6677", "#ddcc77", "#88ccee", "#999933"]


def draw(run: Path) -> Figure:
    """Two channels noisy, denoised and with the width of their interval; the tokens; one line with its interval."""
    with Scan(run / "scans" / f"{SCAN}.h5") as scan, Predictions(run / "denoised" / f"{SCAN}.h5") as found:
        noisy, reference = scan.read_frame(found.frame), scan.read_target(found.frame)
        lower, median, upper = (found.read(kind) for kind in ("lower", "median", "upper"))
        names, pixel = scan.channels, scan.pixel_size[-1] * {"µm": 1000.0, "nm": 1.0}[scan.pixel_unit]
    figure, axes = plt.subplots(2, 4, figsize=(13, 6.6), layout="constrained")
    for row, name in zip(axes, ("Mg", "Ca"), strict=False):
        c = names.index(name)
        limits = (0.0, float(median[c].max()))
        show(figure, row[0], noisy[c], f"{name}, one noisy frame", "viridis", limits)
        show(figure, row[1], median[c], f"{name}, denoised", "viridis", limits)
        width = upper[c] - lower[c]
        show(figure, row[2], width, f"{name}, width of the 90 % interval", "cividis", (0.0, float(width.max())))
    axes[0, 0].plot([8, 8 + BAR / pixel], [192, 192], color="white", linewidth=3)
    axes[0, 0].text(8 + BAR / pixel / 2, 187, f"{BAR:.0f} nm", color="white", ha="center", fontsize=9)
    tokens = tifffile.imread(run / "tokens" / f"{SCAN}.tif")
    axes[0, 3].imshow(tokens, cmap=ListedColormap(TOKEN_COLOURS[: tokens.max() + 1]), interpolation="nearest")
    axes[0, 3].set(title="tokens", xticks=[], yticks=[])
    line, c, x = axes[1, 3], names.index("Mg"), np.arange(noisy.shape[-1]) * pixel
    line.fill_between(x, lower[c, ROW], upper[c, ROW], color="#9ec3dd", linewidth=0, label="90 % interval")
    line.plot(x, reference[c, ROW], color="#d95f02", linewidth=0.8, label="reference")
    line.plot(x, median[c, ROW], color="#1f4e79", linewidth=1.6, label="denoised")
    line.set(title="Mg along a line", xlabel="x / nm", ylabel="counts")
    line.legend(fontsize=8, frameon=False, loc="upper right")
    line.spines[["top", "right"]].set_visible(False)
    return figure


def show(figure: Figure, axes: Axes, image: np.ndarray, title: str, colours: str, limits: tuple[float, float]) -> None:
    """One image with its colour bar."""
    drawn = axes.imshow(image, cmap=colours, vmin=limits[0], vmax=limits[1], interpolation="nearest")
    axes.set(title=title, xticks=[], yticks=[])
    figure.colorbar(drawn, ax=axes, shrink=0.85, label="counts")


if __name__ == "__main__":
    draw(Path(sys.argv[1])).savefig(sys.argv[2], dpi=100)
