"""The check of a new scan on simulated acquisitions: what is like the calibrated ones passes, what drifted is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from scipy import ndimage

from noisebound.core import storage
from noisebound.core.errors import InputError
from noisebound.drift.check_drift import check_drift
from noisebound.drift.findings import background_findings
from noisebound.drift.fit_drift import fit_drift, fit_expected
from noisebound.drift.residuals import Residuals, autocorrelation, lags, mean_and_error, without_structure
from noisebound.files.prediction_writers import create_denoised, create_predictions
from noisebound.files.predictions import Predictions
from noisebound.geometry.boxes import Box
from noisebound.latent.basis import LatentBasis
from noisebound.regions.regions import Regions
from noisebound.report.drift import quiet

SIDE = 96
CHANNELS = ("Mg", "Fe")
SETTINGS = {"level": 0.05, "difference": 0.8, "correlation": 0.1, "draws": 999, "seed": 1}
Images = np.ndarray


def scene(rng: np.random.Generator, phases: Images, side: int = SIDE) -> Images:
    """Grains of several ``phases`` (P, C), a few pixels wide each: noise-free images (C, Y, X)."""
    fields = [ndimage.gaussian_filter(rng.normal(size=(side, side)), 4) for _ in phases]
    return np.stack([ndimage.gaussian_filter(phases[np.argmax(fields, axis=0), c], 0.7) for c in range(2)])


PHASES = np.array([[2.0, 9.0], [12.0, 3.0], [6.0, 6.0]])


def measured(truth: Images, rng: np.random.Generator, counts: bool) -> Images:
    """One noisy frame of each channel."""
    if counts:
        return rng.poisson(truth).astype(np.float32)
    return (truth + rng.normal(scale=0.8, size=truth.shape)).astype(np.float32)


def latents(noisy: Images) -> Images:
    """Stand-in for an encoder: smooth averages and differences of them, (4, Y, X)."""
    fine = np.stack([ndimage.gaussian_filter(image, 1) for image in noisy])
    coarse = np.stack([ndimage.gaussian_filter(image, 3) for image in noisy])
    return np.concatenate([(coarse - 6) / 3, 2 * (fine - coarse)]).astype(np.float32)


def write(
    folder: Path,
    name: str,
    noisy: Images,
    median: Images,
    role: str,
    counts: bool,
    half: float = 1.0,
    boxes: tuple[Box, ...] | None = None,
    reference: Images | None = None,
) -> dict[str, Path]:
    """The files of one scan that the check reads; the interval is the median ± ``half``."""
    folder.mkdir(exist_ok=True)
    kinds = ("ensemble", "denoised", "scan", "regions")
    files = {kind: folder / f"{name}.{kind}.{'json' if kind == 'regions' else 'h5'}" for kind in kinds}
    with h5py.File(files["scan"], "w") as file:
        file["noisy"] = noisy[None].astype(np.uint16 if counts else np.float32)
        file.attrs.update({"format_version": 1, "scan": name, "group": "", "axes": "RCYX", "pixel_unit": "nm"})
        file.attrs.update({"channels": json.dumps(CHANNELS), "pixel_size": "[1.0, 1.0]"})
        file.attrs["reference_kind"] = "none" if reference is None else "measured"
        if reference is not None:
            file["reference"] = reference.astype(np.float32)
        file.attrs.update({"sources": "[]", "counts": int(counts)})
    shape = noisy.shape[1:]
    everything = tuple(slice(0, extent) for extent in shape)
    median = median.astype(np.float32)
    about: dict[str, Any] = {"scan": name, "channels": CHANNELS, "pixel_size": [1.0, 1.0], "pixel_unit": "nm"}
    about |= {"shape": shape, "levels": (0.05, 0.5, 0.95), "frame": 0, "n_frames": 0, "n_members": 0, "counts": counts}
    with create_predictions(files["ensemble"], n_latent=4, keep_members=False, **about) as out:
        out.write(everything, median - half, median, median + half, np.zeros_like(median))
        out.write_latent(everything, latents(noisy))
    with (
        Predictions(files["ensemble"]) as like,
        create_denoised(files["denoised"], like, nominal=[0.9], primary=0.9) as out,
    ):
        out.write(everything, median, median, np.zeros_like(median), {0.9: (median - half, median + half)})
    layout = boxes or (Box(role, (0, 0), shape),)
    Regions(name, shape, (2, 2), "test", layout).write(files["regions"])
    return files


@pytest.fixture(scope="module", autouse=True)
def _no_waiting_for_the_disk() -> Iterator[None]:
    """Hundreds of small files are written, and none of them has to outlive a power cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(storage.os, "fsync", lambda number: None)
        yield


@pytest.fixture(scope="module")
def basis(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Components are stored as they are: scores have the standard deviations of the stand-in's latents."""
    path = tmp_path_factory.mktemp("basis") / "basis.npz"
    one, eye = np.ones(4), np.eye(4)
    LatentBasis(np.array([4]), 0 * one, one, one > 0, one, eye, one / 4, np.array([1.0, 1.0, 0.8, 0.8])).save(path)
    return path


class Bench:
    """Calibrated scans of one kind, and checks of further scans against them."""

    def __init__(self, folder: Path, basis: Path, counts: bool, scans: int, side: int = SIDE) -> None:
        self.folder, self.basis, self.counts, self.rng = folder, basis, counts, np.random.default_rng(3)
        self.side = side
        made = [self.make(f"calibrate{i}", "calibrate")[0] for i in range(scans)]
        self.calibrated = folder / "calibrated.npz"
        if made:
            self.fit(made)

    def fit(self, made: list[dict[str, Path]]) -> None:
        files = [[scan[kind] for scan in made] for kind in ("ensemble", "scan", "regions")]
        fit_drift(*files, self.basis, self.calibrated, block=16)

    def make(
        self,
        name: str,
        role: str = "apply",
        *,
        phases: Images = PHASES,
        before: Callable[[Images], Images] = lambda truth: truth,
        after: Callable[[Images], Images] = lambda noisy: noisy,
        denoise: Callable[[Images], Images] = lambda truth: truth,
        **more: Any,
    ) -> tuple[dict[str, Path], Images]:
        """A scan whose truth, noisy frame or denoised image is changed by a function; its files and its truth."""
        truth = before(scene(self.rng, phases, self.side))
        noisy = after(measured(truth, self.rng, self.counts))
        return write(self.folder, name, noisy, denoise(truth), role, self.counts, **more), truth

    def check(self, files: dict[str, Path], **settings: Any) -> dict[str, Any]:
        output = files["ensemble"].with_suffix(".drift.json")
        inputs = [files[kind] for kind in ("ensemble", "denoised", "scan", "regions")]
        check_drift(*inputs, self.basis, self.calibrated, output, **{**SETTINGS, **settings})
        return json.loads(output.read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=[False, True], ids=["intensity", "counts"])
def bench(tmp_path_factory: pytest.TempPathFactory, basis: Path, request: pytest.FixtureRequest) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"), basis, request.param, scans=2)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory, basis: Path) -> Bench:
    """Enough scans to be compared as wholes."""
    return Bench(tmp_path_factory.mktemp("many"), basis, True, scans=19, side=64)


def blurred(images: Images) -> Images:
    smooth = np.stack([ndimage.gaussian_filter(image.astype(float), 0.7) for image in images])
    return np.rint(smooth) if np.array_equal(images, np.rint(images)) else smooth


OTHER_PHASE = np.array([[20.0, 1.0], [12.0, 3.0], [16.0, 14.0]])
DRIFTS = {
    "half the dose": ({"before": lambda truth: 0.5 * truth}, {"mean", "distance", "latent"}),
    "an offset": ({"after": lambda noisy: noisy + 6}, {"mean", "latent", "distance", "zeros"}),
    "a blurred detector": ({"after": blurred}, {"fine", "noise", "middle"}),
    "another phase": ({"phases": OTHER_PHASE}, {"mean", "distance", "latent", "contrast"}),
}


def test_scans_of_the_same_kind_pass_quietly(bench: Bench) -> None:
    found = [bench.check(bench.make(f"like{i}")[0]) for i in range(12)]
    assert [content["verdict"] for content in found].count("unlike") == 0
    assert sum(bool(content["warnings"]) for content in found) == 0
    for content in found:
        assert content["unit"] == "block" and content["resolution"] == 0.001 and content["p"] >= 0.001
        assert content["n_blocks"] == 36 and content["n_calibrate_blocks"] == 72
        assert content["residuals"]["verdict"] == "white"
        assert "independent" in content["approximation"] and "approximate" in content["approximation"]
        # Two scans calibrate, so that of three alike each is the most unusual in a third of all cases.
        assert 3 * content["scan_p"] == pytest.approx(round(3 * content["scan_p"])) and content["scan_p"] > 0.3
        assert "about a third" in content["approximation"]
        assert "cannot be below 0.33" in content["approximation"]


@pytest.mark.parametrize("drift", DRIFTS)
def test_a_scan_that_drifted_is_told_and_how(bench: Bench, drift: str) -> None:
    changes, kinds = DRIFTS[drift]
    content = bench.check(bench.make(drift.replace(" ", "-"), **changes)[0])
    assert content["verdict"] == "unlike"
    assert content["p"] <= 0.05
    assert content["statistics"][0]["kind"] in kinds
    warning = next(entry for entry in content["warnings"] if entry["kind"] == "drift")
    assert 1 <= len(warning["points"]) <= 3 and "role calibrate" in warning["remedy"]


@pytest.mark.parametrize("drift", DRIFTS)
def test_whole_scans_tell_it_too_where_enough_of_them_calibrate(many: Bench, drift: str) -> None:
    content = many.check(many.make(drift.replace(" ", "-"), **DRIFTS[drift][0])[0])
    assert (content["unit"], content["verdict"]) == ("scan", "unlike")
    assert content["p"] == content["resolution"] == 1 / 20
    assert content["n_calibrate_scans"] == content["needed_scans"] == 19


def test_too_little_calibration_is_said_and_warns_of_nothing(tmp_path: Path, basis: Path) -> None:
    bench = Bench(tmp_path, basis, counts=True, scans=0)
    corner = (Box("train", (0, 0), (96, 60)), Box("calibrate", (0, 70), (16, 86)), Box("test", (30, 70), (46, 86)))
    files, _ = bench.make("split", "split", boxes=corner)
    bench.fit([files])
    content = bench.check(bench.make("new", boxes=(Box("apply", (30, 70), (46, 86)),))[0])
    assert (content["verdict"], content["n_blocks"], content["n_calibrate_blocks"]) == ("too few", 1, 1)
    assert content["resolution"] > content["level"]
    assert content["warnings"] == []


def test_only_pixels_count_that_training_has_not_seen(bench: Bench, tmp_path: Path) -> None:
    """A defect in the train and select regions of a split scan changes nothing."""
    boxes = (Box("train", (0, 0), (96, 50)), Box("select", (0, 54), (40, 92)), Box("test", (44, 54), (96, 96)))
    state = bench.rng.bit_generator.state
    clean = bench.check(bench.make("split", boxes=boxes)[0])

    def spoilt(noisy: Images) -> Images:
        noisy = noisy.copy()
        noisy[:, :, :50] += 100
        noisy[:, :40, 54:92] = 0
        return noisy

    bench.rng.bit_generator.state = state
    files, _ = bench.make("split2", boxes=boxes, after=spoilt)
    # Latents are filters of the whole frame here; a network's do not reach across the guard band either.
    with h5py.File(files["ensemble"], "a") as file:
        with h5py.File(files["ensemble"].with_name("split.ensemble.h5")) as other:
            file["latent"][:] = other["latent"][:]
    again = bench.check(files)
    assert clean | {"scan": ""} == again | {"scan": ""}


def test_a_scan_that_calibrates_a_part_of_itself_is_no_new_one(bench: Bench) -> None:
    """Its test region may hold other phases; what the intervals are worth there is measured, not guessed."""
    boxes = (Box("train", (0, 0), (96, 40)), Box("calibrate", (0, 44), (44, 96)), Box("test", (48, 44), (96, 96)))

    def brighter_below(noisy: Images) -> Images:
        return np.concatenate([noisy[:, :48], noisy[:, 48:] + 50], axis=1)

    content = bench.check(bench.make("split", boxes=boxes, after=brighter_below)[0])
    assert (content["verdict"], content["p"], content["statistics"]) == ("calibrates", None, [])
    assert "drift" not in {entry["kind"] for entry in content["warnings"]}


@pytest.mark.parametrize(("role", "verdict"), [("train", "learned from"), ("select", "learned from")])
def test_scans_that_taught_are_not_judged(bench: Bench, role: str, verdict: str) -> None:
    content = bench.check(bench.make(role, role, after=lambda noisy: noisy + 50)[0])
    assert (content["verdict"], content["p"], content["warnings"]) == (verdict, None, [])
    assert "residuals" not in content


def test_scans_that_calibrate_are_checked_for_invented_structure_only(bench: Bench) -> None:
    content = bench.check(bench.make("own", "calibrate")[0])
    assert content["verdict"] == "calibrates" and content["residuals"]["verdict"] == "white"


def test_lost_structure_is_left_in_the_residuals(bench: Bench) -> None:
    """The denoised image is far too smooth."""

    def smooth(truth: Images) -> Images:
        return np.stack([ndimage.gaussian_filter(image, 8) for image in truth])

    content = bench.check(bench.make("smooth", denoise=smooth)[0])
    assert content["residuals"]["verdict"] == "correlated"
    assert [entry["kind"] for entry in content["warnings"]] == ["residuals"]
    assert all("white noise: 0 ± " in point for point in content["warnings"][0]["points"])


def test_invented_structure_is_told_where_the_input_shows_none(bench: Bench) -> None:
    """Even phases, on which the image shows a texture larger than its intervals."""
    even = np.repeat(PHASES[:1], 3, axis=0)

    def invent(truth: Images) -> Images:
        y, x = np.mgrid[:SIDE, :SIDE]
        return truth + 2 * np.sin(x / 2) * np.sin(y / 2)

    honest = bench.check(bench.make("even", phases=even)[0])
    assert honest["background"]["verdict"] == "flat" and honest["background"]["blocks"] >= 5
    invented = bench.check(bench.make("invented", phases=even, denoise=invent)[0])
    assert invented["background"]["verdict"] == "structure"
    assert "background" in [entry["kind"] for entry in invented["warnings"]]


EVEN = np.repeat(PHASES[:1], 3, axis=0)


def test_one_invented_grain_is_told_and_where(bench: Bench) -> None:
    """As wide as blocks, so that it is even within each, and in few of them."""

    def grain(truth: Images) -> Images:
        image = truth.copy()
        image[1, 32:64, 16:48] += 6
        return image

    content = bench.check(bench.make("grain", phases=EVEN, denoise=grain)[0])
    assert content["background"]["verdict"] == "structure"
    warning = next(entry for entry in content["warnings"] if entry["kind"] == "background")
    assert len(warning["points"]) == 1 and warning["points"][0].startswith("Fe:")
    for place in content["background"]["worst"]:
        assert place["channel"] == "Fe" and place["share"] == 1
        assert all(a >= b for a, b in zip(place["lower"], (32, 16), strict=True))
        assert all(a <= b for a, b in zip(place["upper"], (64, 48), strict=True))
    first = content["background"]["worst"][0]
    assert f"y {first['lower'][0]} to {first['upper'][0]}, x {first['lower'][1]}" in warning["points"][0]
    assert "beyond its usual error" not in quiet(content)


def test_an_invented_texture_in_two_blocks_is_told(bench: Bench) -> None:
    def texture(truth: Images) -> Images:
        image = truth.copy()
        y, x = np.mgrid[:16, :32]
        image[0, 48:64, 32:64] += 6 * np.sin(x / 2) * np.sin(y / 2)
        return image

    content = bench.check(bench.make("texture", phases=EVEN, denoise=texture)[0])
    assert content["background"]["verdict"] == "structure"
    assert all(entry["share"] <= 0.1 for entry in content["background"]["channels"])
    found = {(place["channel"], *place["lower"]) for place in content["background"]["worst"]}
    assert found and found <= {("Mg", 48, 32), ("Mg", 48, 48)}


def test_a_true_slope_too_faint_for_a_single_block_is_not_called_invented(bench: Bench) -> None:
    """The image is the truth, with intervals narrower than the slope across a block."""

    def sloped(truth: Images) -> Images:
        return truth + np.linspace(0, 3, SIDE)[:, None]

    content = bench.check(bench.make("sloped", phases=EVEN, before=sloped, half=0.05)[0])["background"]
    assert max(entry["share"] - 4 * entry["error"] for entry in content["channels"]) > 0.1
    assert content["verdict"] == "flat"


@pytest.mark.parametrize("correlated", [0, 0.4], ids=["white", "correlated"])
def test_an_honest_smooth_image_of_a_sloped_background_is_not_suspected(
    tmp_path: Path, basis: Path, correlated: float
) -> None:
    """A plain filter, with intervals that cover nine in ten pixels; its errors are as wide as a block."""
    bench = Bench(tmp_path, basis, counts=False, scans=0)
    rng = np.random.default_rng(8)

    def scan(name: str, role: str) -> dict[str, Path]:
        truth = scene(rng, EVEN) + np.linspace(0, 1, SIDE)[:, None]
        noise = ndimage.gaussian_filter(rng.normal(size=truth.shape), (0, correlated, correlated))
        noisy = (truth + 0.8 * noise / noise.std()).astype(np.float32)
        median = np.stack([ndimage.gaussian_filter(image, 3) for image in noisy])
        half = float(np.quantile(np.abs(median - truth), 0.9))
        return write(tmp_path, name, noisy, median, role, False, half=half)

    bench.fit([scan(f"calibrate{i}", "calibrate") for i in range(2)])
    found = [bench.check(scan(f"honest{i}", "apply"), draws=19)["background"] for i in range(10)]
    assert min(entry["blocks"] for entry in found) >= 5
    assert [entry["verdict"] for entry in found] == ["flat"] * 10


def test_a_median_filter_of_few_counts_is_not_suspected_and_an_invented_grain_in_it_is(
    tmp_path: Path, basis: Path
) -> None:
    """At 0.9 counts per pixel it jumps between 0 and 1, which the mean of the reference does not follow."""
    bench = Bench(tmp_path, basis, counts=True, scans=0)
    rng = np.random.default_rng(11)
    side, rate = 80, 0.9

    def scan(name: str, role: str, grain: float = 0.0) -> dict[str, Path]:
        noisy = rng.poisson(rate, (2, side, side)).astype(np.float32)
        median = np.stack([ndimage.median_filter(image, 5) for image in noisy])
        long = rng.poisson(9 * rate, noisy.shape) / 9
        median[1, 32:64, 16:48] += grain
        return write(tmp_path, name, noisy, median, role, True, half=0.85, reference=long)

    bench.fit([scan(f"calibrate{i}", "calibrate") for i in range(2)])
    honest = [bench.check(scan(f"honest{i}", "apply"), draws=19)["background"] for i in range(6)]
    assert min(entry["blocks"] for entry in honest) >= 5
    assert [entry["verdict"] for entry in honest] == ["flat"] * 6
    for i in range(3):
        found = bench.check(scan(f"grain{i}", "apply", 1.5), draws=19)["background"]
        assert found["verdict"] == "structure"
        assert found["worst"] and all(place["channel"] == "Fe" for place in found["worst"])
        assert all(16 <= place["lower"][0] < 64 and place["lower"][1] < 48 for place in found["worst"])


@pytest.mark.parametrize("counts", [False, True], ids=["intensity", "counts"])
def test_the_mean_is_expected_to_rise_with_the_median(tmp_path: Path, counts: bool) -> None:
    """What the references say of the mean of a median is fitted, and never turns contrast upside down."""
    rng = np.random.default_rng(4)
    median = rng.integers(0, 3, (2, SIDE, SIDE)).astype(np.float32)
    mean = np.stack(
        [np.array([0.4, 1.1, 2.2])[median[0].astype(int)], np.array([0.9, 0.7, 0.8])[median[1].astype(int)]]
    )
    files = write(tmp_path, "c", rng.poisson(2 * mean), median, "calibrate", counts, reference=mean)
    used = [(files["ensemble"], files["scan"], Regions.read(files["regions"]))]
    blocks = rng.uniform(1, 2, (36, 2))
    expected = fit_expected(used, blocks, blocks, counts, 16)
    levels = np.array([[0.0, 1.0, 2.0]] * 2)
    found = expected.mean(levels, counts)
    # Classes of equally many pixels hold two levels where these meet, which rounds a corner off.
    assert found[0] == pytest.approx([0.4, 1.1, 2.2], abs=0.05)
    assert (np.diff(found, axis=1) >= 0).all()
    assert found[1] == pytest.approx([mean[1].mean()] * 3, abs=0.03)


def test_residuals_that_are_correlated_where_calibrated_too_are_not_called_noise(tmp_path: Path, basis: Path) -> None:
    """An image that is too smooth everywhere differs in nothing from the calibrate regions."""

    def smooth(truth: Images) -> Images:
        return np.stack([ndimage.gaussian_filter(image, 8) for image in truth])

    bench = Bench(tmp_path, basis, counts=False, scans=0)
    bench.fit([bench.make(f"calibrate{i}", "calibrate", denoise=smooth)[0] for i in range(2)])
    content = bench.check(bench.make("smooth", denoise=smooth)[0])
    assert content["residuals"]["verdict"] == "as calibrated"
    assert "is noise" not in quiet(content) and "as it is on the calibrate regions" in quiet(content)


def test_white_noise_has_no_autocorrelation_and_smooth_noise_has() -> None:
    rng = np.random.default_rng(2)
    shifts = lags(2)
    white = [autocorrelation(rng.normal(size=(1, 16, 16)), shifts) for _ in range(2000)]
    mean, error = mean_and_error(np.array(white))
    assert np.abs(mean / error).max() < 4
    smooth = [
        autocorrelation(ndimage.gaussian_filter(rng.normal(size=(1, 64, 64)), (0, 1, 1)), shifts) for _ in range(20)
    ]
    assert np.mean(smooth, axis=0)[0, 0] == pytest.approx(np.exp(-1 / 4), abs=0.05)
    assert lags(3) == ((1, 0, 0), (0, 1, 0), (0, 0, 1), (2, 0, 0), (0, 2, 0), (0, 0, 2), (0, 1, 1))


def test_noise_alone_passes_as_without_structure_as_often_as_said() -> None:
    rng = np.random.default_rng(1)
    p = without_structure(rng.normal(size=(2000, 16, 16)))
    assert (p <= 0.1).mean() == pytest.approx(0.1, abs=0.03)
    step = rng.normal(size=(16, 16)) + 2 * (np.arange(16) < 8)
    assert without_structure(step[None]) < 1e-6


def test_background_needs_some_blocks() -> None:
    ones = np.ones((13, 2))
    ends = np.zeros((13, 2), dtype=np.int64)
    left = Residuals(ones[..., None], np.arange(13) < 4, 9 * ones, 9 * ones, ones, ones, ends, ends + 16)
    found = background_findings(left, (ones[:0], ones[:0]), CHANNELS, 0.1)
    assert found["verdict"] == "unknown" and found["blocks"] == 4


def test_other_channels_are_refused(bench: Bench) -> None:
    files = bench.make("renamed")[0]
    with h5py.File(files["scan"], "a") as file:
        file.attrs["channels"] = json.dumps(["Mg", "Si"])
    with pytest.raises(InputError, match=r"data\.channels"):
        bench.check(files)


def test_without_a_calibrate_region_nothing_is_fitted(bench: Bench, tmp_path: Path) -> None:
    files = bench.make("none")[0]
    with pytest.raises(InputError, match="no scan has a calibrate region"):
        fit_drift([files["ensemble"]], [files["scan"]], [files["regions"]], bench.basis, tmp_path / "x.npz", block=16)


def test_the_same_scan_gives_the_same_bytes(bench: Bench) -> None:
    files = bench.make("again")[0]
    assert bench.check(files) == bench.check(files)
