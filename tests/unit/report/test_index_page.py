"""Numbers and sentences of the index."""

from __future__ import annotations

from pathlib import Path

import pytest

from noisebound.report.index_page import headline_numbers, stability_words


@pytest.mark.parametrize(
    ("psnr", "words"),
    [([30.0], "+3.2 dB"), ([25.0], "−1.8 dB"), ([30.0, 25.0], "−1.8 to +3.2 dB"), ([30.0, 30.01], "+3.2 dB"),
     ([30.0, 31.0, 32.0], None)],
)  # fmt: skip
def test_the_gain_over_the_filter_has_its_sign_and_is_that_of_all_channels(
    psnr: list[float], words: str | None
) -> None:
    rows = [
        {"name": str(i), "structured": True, "coverage": {"value": None}, "psnr": value, "gaussian_psnr": 26.8}
        for i, value in enumerate(psnr)
    ]
    assert [entry["value"] for entry in headline_numbers({}, rows, 0.9)] == ([words] if words else [])


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
