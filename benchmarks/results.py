"""What was measured, as tables and as RESULTS.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from noisebound.simulation.filters import Filtered

from . import quality
from .gpu import OnDevice
from .ours import Trained
from .quality import Ensembles
from .speed import Ratio

# What is asked of five members and of eight.
CORRELATION, WIDTH, CORRELATION_OF_EIGHT, MOST_PARAMETERS = ">= 0.9812", "<= 0.190", ">= 0.9815", "<= 6000"
# Of the interval's width beside that of a U-Net trained for equal time, by how its name ends.
WIDTH_BESIDE = {"as many parameters": "<= 0.95", "100 times the parameters": "<= 1"}
# Which width of ours beside which of a U-Net, and whether what is asked applies: only where both are calibrated alike.
BESIDE = (
    ("width", "width", "", True),
    ("width_scaled", "width_scaled", "both scaled, ", True),
    ("width_scaled", "width", "ours scaled and theirs as published, ", False),
)


@dataclass(frozen=True)
class Row:
    """One line of the table of ratios: what, the figure as shown and as compared, and what is ``asked``, if anything.

    ``asked`` is a relation and a number, such as ">= 2".
    """

    measure: str
    shown: str
    value: float
    asked: str = ""

    def met(self) -> bool:
        """Whether the value is as asked."""
        relation, number = self.asked.split()
        return self.value >= float(number) if relation == ">=" else self.value <= float(number)

    def cells(self) -> list[str]:
        """Measure, figure, what is asked, and whether that is met."""
        return [self.measure, self.shown, self.asked, ("yes" if self.met() else "no") if self.asked else ""]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown; all columns but the first stand to the right."""
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def speed_rows(ratios: Sequence[Ratio]) -> list[Row]:
    """How many times faster than the reference, or smaller; in brackets the range over graphs."""
    rows = []
    for ratio in ratios:
        spread = f" ({ratio.low:.2f} to {ratio.high:.2f})" if ratio.low < ratio.high else ""
        rows.append(Row(ratio.name, f"{ratio.median:.2f}{spread}", ratio.median, ratio.target))
    return rows


def quality_rows(found: Ensembles) -> list[Row]:
    """Error, width and time beside the reference; what is asked of five and of eight members applies to no others."""
    members = len(found.ours[0])
    few = min(5, members)
    theirs = quality.judge_ensemble(found.reference, len(found.reference))
    ours = quality.judge_seeds(found.ours, few)
    name = f"{few} members : {len(found.reference)}"
    rows = [
        Row(
            f"correlation with the truth, {name}",
            f"{ours.correlation:.4f} : {theirs.correlation:.4f}",
            ours.correlation,
            CORRELATION if few == 5 else "",
        ),
        Row(
            f"width at 0.90, {name}",
            f"{ours.width:.4f} : {theirs.width:.4f}",
            ours.width,
            WIDTH if few == 5 else "",
        ),
        _share(f"width at 0.90, ratio, {name}", ours.width, theirs.width),
        _share(f"width at 0.90, asymmetric, ratio, {name}", ours.width_asymmetric, theirs.width_asymmetric),
        _share(f"width at 0.90, scaled, ratio, {name}", ours.width_scaled, theirs.width_scaled),
        _share(f"error (RMSE), ratio, {name}", ours.rmse, theirs.rmse),
    ]
    if members > few:
        many = quality.judge_seeds(found.ours, members)
        rows.append(
            Row(
                f"correlation with the truth, {members} members : {len(found.reference)}",
                f"{many.correlation:.4f} : {theirs.correlation:.4f}",
                many.correlation,
                CORRELATION_OF_EIGHT if members == 8 else "",
            )
        )
    for name_of_unet, ensembles in found.unets.items():
        rows += widths_beside(name_of_unet, ensembles, found.ours)
    ours_took, theirs_took = quality.mean_seconds(found.ours, few), quality.mean_seconds([found.reference])
    rows.append(_share("processor time to train a member, ratio", ours_took, theirs_took, "<= 1"))
    most = max(member.parameters for members in found.ours for member in members)
    rows.append(Row("parameters of the largest member", f"{most}", most, MOST_PARAMETERS))
    return rows


def widths_beside(name: str, ensembles: Sequence[Sequence[Trained]], ours: Sequence[Sequence[Trained]]) -> list[Row]:
    """Our width divided by that of U-Nets, as many members of both: mean over seeds, and their range.

    Both calibrated as published, both scaled, and ours as the synthetic experiment delivers it beside theirs as
    published.
    """
    count = min(len(ensembles[0]), len(ours[0]))
    here, there = ([quality.judge_ensemble(members, count) for members in kind] for kind in (ours, ensembles))
    asked = next((asked for end, asked in WIDTH_BESIDE.items() if name.endswith(end)), "")
    rows = []
    for ours_way, their_way, words, alike in BESIDE:
        ratios = [getattr(a, ours_way) / getattr(b, their_way) for a, b in zip(here, there, strict=False)]
        value = float(np.mean(ratios))
        spread = f" ({min(ratios):.3f} to {max(ratios):.3f})" if len(ratios) > 1 else ""
        measure = f"width at 0.90, {words}ratio, {count} members : {count} of the {name}"
        rows.append(Row(measure, f"{value:.3f}{spread}", value, asked if alike else ""))
    return rows


def _share(measure: str, ours: float, theirs: float, asked: str = "") -> Row:
    return Row(measure, f"{ours / theirs:.3f}", ours / theirs, asked)


def quality_table(found: Ensembles, filters: Sequence[Filtered]) -> str:
    """Every method's figures on the test images."""
    head = ["method", "members", "parameters of each", "correlation", "RMSE", "coverage", "width"]
    head += ["coverage, asym.", "width, asym.", "coverage, scaled", "width, scaled", "error correlation"]
    rows = []
    for name, ensembles in {"reference": [found.reference], **found.unets, "noisebound": found.ours}.items():
        members = len(ensembles[0])
        rows += [_quality_row(name, ensembles, count) for count in sorted({1, min(5, members), members} - {0})]
    for best in filters:
        named = f"{best.name}, setting {best.setting:g}"
        rows.append([named, "", "", f"{best.correlation:.4f}", f"{best.rmse:.4f}", *[""] * 7])
    return table(head, rows)


def _quality_row(name: str, ensembles: Sequence[Sequence[Trained]], count: int) -> list[str]:
    """One line: the mean over ensembles, ``count`` members of each."""
    found = quality.judge_seeds(ensembles, count)
    counts = [member.parameters for members in ensembles for member in members[:count]]
    alike = np.mean([quality.error_correlation(members[:count]) for members in ensembles]) if count > 1 else None
    return [
        name,
        f"{count}",
        f"{min(counts)}" if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}",
        *(f"{value:.4f}" for value in vars(found).values()),
        "" if alike is None else f"{alike:.3f}",
    ]


def gpu_rows(ratios: Sequence[Ratio], alone: OnDevice) -> list[Row]:
    """Rows of the table of ratios for a GPU."""
    return [
        *(Row(f"GPU: {row.measure}", row.shown, row.value, row.asked) for row in speed_rows(ratios)),
        Row("GPU: share of the memory's bandwidth in prediction", f"{alone.share:.2f}", alone.share, ">= 0.75"),
        Row("GPU: seconds to train a member on 512x512x3", f"{alone.training:.0f}", alone.training, "<= 120"),
    ]


def gpu_text(ratios: Sequence[Ratio], alone: OnDevice | None) -> str:
    """What the GPU is and does per second; or that there was none."""
    if alone is None:
        return NO_GPU
    rates = table(
        ("per second", "reference", "noisebound"),
        ([ratio.name, *(f"{value:.1f}" for value in ratio.rates)] for ratio in ratios if ratio.rates),
    )
    return (
        f"{alone.device}; a copy moves {alone.bandwidth:.0f} GB/s. Training counts images, prediction million pixels "
        f"or voxels.\n\n{rates}"
    )


NO_GPU = """\
No GPU was at hand when these figures were measured. On a machine that has one, `make benchmark` also measures there:
training and prediction beside the reference, memory, the share of the memory's bandwidth that prediction reaches, and
the time to train a member on 512x512x3 data."""

SHORTENED = """\
**This was the quick run: trainings are shorter, members, seeds, graphs and repeats fewer. Its figures of quality are
not those of the full one.**

"""

TEMPLATE = """\
# noisebound beside the reference implementation

Written by `{command}` in {minutes:.0f} minutes: {machine}, one thread per process.

{shortened}The reference is dlsia 0.3.4: random sparse mixed-scale networks with three quantile heads; 10 layers, alpha
0.5, gamma 1, 3 hidden channels, dilations 1 to 10, latent 10. [README.md]({readme}) says what is compared, and how.

## Quality

Synthetic images of 64x64 px: 500 to train, 100 to calibrate, 200 to test. Coverage and width are those of the interval
calibrated at 0.90, against the truth: with one correction for all pixels, as published; "asym." spends half on each
side; "scaled" does so in multiples of the predicted width, as noisebound does in its synthetic experiment. noisebound
and U-Nets: mean over seeds ({seeds}). The first U-Nets are noisebound's own, with the same heads, loss and optimiser;
the reference's U-Net has the reference's heads, loss and optimiser. Each U-Net is trained for the processor time that a
member of noisebound takes, unless it says otherwise. Error correlation: that of two members' errors, mean over pairs.
The filters' settings were chosen on 30 training images.

{quality}

## Graphs for speed and memory

Each is drawn by the reference and translated, so that both sides compute the same graph.

{notes}

## GPU

{gpu}

## Ratios

Speed and memory: the reference's time or peak divided by noisebound's, median over pairs measured in turn ({pairs} on
every graph; in brackets the range over graphs). Quality: noisebound's figure beside the reference's, or divided by it
or by that of a U-Net (in brackets the range over seeds).

{ratios}
"""
