"""What the index says of the stability of the tokens."""

from __future__ import annotations

from pathlib import Path

from noisebound.report.stability import stability_rows, stability_words


def test_tokens_no_stabler_than_clusters_of_noise_are_called_so(tmp_path: Path) -> None:
    def words(null: tuple[float, float, float]) -> list[str]:
        rows = ["comparison,latents,baseline,null", f"seeds,0.9,0.8,{null[0]}", f"subsamples,0.6,0.9,{null[1]}"]
        rows += [f"members,0.5,0.9,{null[2]}", "latents against baseline,0.7,,"]
        rows += ["reference variance explained (share),0.945,0.9651,"]
        (tmp_path / "stability.csv").write_text("\n".join(rows))
        return stability_words(tmp_path / "stability.csv")

    share = "The tokens explain 94.5\u202f% of the variance of the reference"
    assert [text[: len(share)] for text in words((0.1, 0.2, 0.3))] == [share]
    assert "denoised intensities explain 96.5\u202f%" in words((0.1, 0.2, 0.3))[0]
    assert words((0.1, 0.99, 0.3))[0].startswith("Repeated over subsamples, clusters of noise alone agree")
    assert words((0.99, 0.99, 0.9))[0].startswith("Repeated over seeds, subsamples and members, clusters of noise")
    (tmp_path / "stability.csv").write_text("")
    assert stability_words(tmp_path / "stability.csv") == []


def test_rows_of_stability_hold_a_dash_for_what_was_not_measured(tmp_path: Path) -> None:
    (tmp_path / "stability.csv").write_text("comparison,latents,baseline\nseeds,0.9123,\n")
    (row,) = stability_rows(tmp_path / "stability.csv")
    assert row == {"comparison": "seeds", "latents": "0.912", "baseline": "–"}
