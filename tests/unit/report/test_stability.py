"""What the index says of how far the tokens can be trusted."""

from __future__ import annotations

from pathlib import Path

import pytest

from noisebound.report.stability import stability_rows, stability_words

HEADER = "comparison,latents,baseline,null,difference,low,high,kind"


def words_of(path: Path, *rows: str, header: str = HEADER) -> list[str]:
    path.write_text("\n".join([header, *rows]) + "\n")
    return stability_words(path)


def frames(
    path: Path,
    values: str = "0.62,0.55,0.01",
    difference: str = "0.07,0.01,0.13",
    kind: str = "repeats, held-out",
) -> list[str]:
    shares = ["same token in both frames (share),0.81,0.8,0.3,,,,", "same token by chance (share),0.44,0.4,0.3,,,,"]
    return words_of(path, f'frames,{values},{difference},"{kind}"', *shares)


def test_agreement_of_frames_stands_first_beside_noise_and_the_baseline(tmp_path: Path) -> None:
    first, what, kept, verdict = frames(tmp_path / "s.csv")
    assert first == (
        "Two independent frames give the same token map to ARI 0.62 (noise alone 0.01, k-means on the denoised image "
        "0.55)."
    )
    assert what.startswith("ARI, the adjusted Rand index, is 1 for equal maps")
    assert kept == "81\u202f% of pixels keep their token, 44\u202f% would by chance."
    assert verdict == "The tokens are repeated better than k-means on the denoised image."


@pytest.mark.parametrize(
    ("values", "difference", "verdict"),
    [
        ("0.03,0.5,0.00", "-0.47,-0.6,-0.3", "These tokens follow the noise: do not read them as structure."),
        ("0.04,0.01,-0.02", "0.03,0.01,0.05", "These tokens follow the noise: do not read them as structure."),
        ("0.12,0.01,0.09", "0.11,0.08,0.2", "These tokens follow the noise: do not read them as structure."),
        ("0.03,0.01,", "0.02,0.01,0.03", "These tokens follow the noise: do not read them as structure."),
        ("0.5,0.5,0.0", "0,-0.1,0.1", "k-means on the denoised image does as well."),
        ("0.5,0.6,0.0", "-0.1,-0.3,0.1", "k-means on the denoised image does as well."),
        ("0.5,0.6,0.0", "-0.1,,", "k-means on the denoised image does as well."),
        ("0.5,0.7,0.0", "-0.2,-0.3,-0.1", "k-means on the denoised image is repeated better than the tokens are."),
        (
            "0.6,0.55,0.0",
            "0.05,-0.03,0.13",
            "The tokens are not told apart from k-means on the denoised image (difference 0.05, 95\u202f% interval "
            "\u22120.03 to 0.13).",
        ),
        (
            "0.6,0.55,0.0",
            "0.05,,",
            "The tokens are not told apart from k-means on the denoised image, as too few separate places were "
            "compared.",
        ),
        ("0.6,,0.0", ",,", "A second frame repeats part of this map: that part is not the noise of one frame."),
    ],
)
def test_the_verdict_follows_noise_first_and_then_the_baseline(
    tmp_path: Path, values: str, difference: str, verdict: str
) -> None:
    assert verdict in frames(tmp_path / "s.csv", values, difference)


def test_what_was_compared_is_said(tmp_path: Path) -> None:
    halves = frames(tmp_path / "s.csv", kind="thinned, train")
    assert halves[0].startswith("Two random halves of one frame's counts give the same token map to ARI 0.62")
    assert "half the dose" in halves[-2] and "trained on these pixels" in halves[-1]
    repeats = " ".join(frames(tmp_path / "s.csv"))
    assert "dose" not in repeats and "trained" not in repeats
    (why,) = words_of(tmp_path / "s.csv", "frames,,,,,,,none")
    assert "two frames of the same place, or counts" in why
    (one,) = words_of(tmp_path / "s.csv", 'frames,,0.4,0.0,,,,"repeats, held-out"')
    assert "one token only" in one


def test_tokens_no_more_alike_than_clusters_of_noise_are_called_so(tmp_path: Path) -> None:
    def words(null: tuple[float, float, float]) -> list[str]:
        rows = [f"subsamples,0.6,0.9,{null[0]}", f"members,0.5,0.9,{null[1]}", "latents against baseline,0.7,,"]
        rows += [f"k-means restarted,0.9,0.8,{null[2]}", "reference variance explained (share),0.945,0.9651,"]
        return words_of(tmp_path / "s.csv", *rows, header="comparison,latents,baseline,null")

    share = "The tokens explain 94.5\u202f% of the variance of the reference"
    assert [text[: len(share)] for text in words((0.1, 0.2, 0.3))] == [share]
    assert "denoised intensities explain 96.5\u202f%" in words((0.1, 0.2, 0.3))[0]
    assert words((0.99, 0.3, 0.1))[0].startswith("Repeated over halves of the sample, clusters of noise alone agree")
    both = "Repeated over halves of the sample and halves of the members, clusters of noise"
    assert words((0.99, 0.99, 0.1))[0].startswith(both)
    assert len(words((0.1, 0.1, 0.99))) == 1, "restarts of k-means are no sign for or against structure"
    (tmp_path / "s.csv").write_text("")
    assert stability_words(tmp_path / "s.csv") == []


def test_rows_of_stability_hold_a_dash_for_what_was_not_measured(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text(
        "comparison,latents,baseline\nsubsamples,0.9123,\nframes,,\nk-means restarted,1,1\n"
    )
    first, second, last = stability_rows(tmp_path / "s.csv")
    assert first == {"comparison": "halves of the sample", "latents": "0.912", "baseline": "–"}
    assert second["comparison"] == "two independent frames" and second["latents"] == "–"
    assert "says nothing of structure" in last["comparison"]
