"""The table of published figures beside those of a run."""

from __future__ import annotations

from noisebound.figures.published import DIGITS, MEASURES, PUBLISHED, comparison_rows, comparison_text
from tests.unit.figures.comparison import MEMBERS, mean_of, summary


def test_the_table_has_the_published_figures_beside_the_measured() -> None:
    rows = comparison_rows(summary())
    assert len(rows) == 6
    assert rows[0]["published"] == "0.9754 → 0.9810"
    ends = [mean_of("random", "correlation", members) for members in (MEMBERS[0], MEMBERS[-1])]
    assert rows[0]["measured"] == f"{ends[0]:.4f} → {ends[1]:.4f}"
    assert rows[5]["published"] == "0.897 to 0.899"
    coverages = [mean_of("random", "coverage_of_truth", members) for members in MEMBERS]
    assert rows[2]["measured"] == f"{min(coverages):.3f} to {max(coverages):.3f}"
    assert rows[2]["measure"] == "coverage of the truth at 0.90", "what was published is of the truth"


def test_the_measure_names_the_nominal_coverage_of_the_run() -> None:
    rows = comparison_rows({**summary(), "nominal": 0.8})
    assert [row["measure"] for row in rows if "coverage" in row["measure"]] == ["coverage of the truth at 0.80"] * 2


def test_the_table_for_a_terminal_has_straight_columns() -> None:
    text = comparison_text(summary())
    assert "published, 1 → 25  measured, 1 → 4" in text and "0.9642" in text
    head, *lines = text.split("\n")
    assert len(lines) == 7
    place = head.index("published, 1")
    assert all(line[place - 2 : place] == "  " for line in lines)
    assert all(line[place].isdigit() for line in lines[:6]) and lines[6].startswith("Gaussian filter")


def test_every_family_has_every_measure() -> None:
    assert all(set(values) == set(MEASURES) == set(DIGITS) for values in PUBLISHED.values())
