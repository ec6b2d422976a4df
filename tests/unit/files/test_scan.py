"""The standard file of a scan: targets against brute force, regions against whole frames."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from noisebound.core.errors import InputError
from noisebound.files.scan import Scan
from tests.unit.scans.measured import ingest, save, values


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32", "float64"])
def test_leave_one_out_target_is_the_mean_of_the_other_frames(tmp_path: Path, dtype: str) -> None:
    frames = values(5, 2, 12, 13, dtype=dtype)
    if dtype == "int16":
        frames -= 100
    counts = dtype != "int16"
    source = save(tmp_path / "a.tif", frames, "RCYX")
    with ingest(tmp_path / "a.h5", [source], "leave-one-out", counts=counts) as scan:
        assert scan.n_frames == 5 and scan.has_reference and scan.reference_kind == "leave-one-out"
        for k in range(5):
            others = np.mean([frames[j].astype(np.float64) for j in range(5) if j != k], axis=0)
            target = scan.read_target(k)
            assert target.dtype == np.float32
            np.testing.assert_allclose(target, others, rtol=1e-6)
            np.testing.assert_array_equal(scan.read_frame(k), frames[k].astype(np.float32))
            noise = scan.read_target_noise(k)
            if counts:
                assert noise is not None
                np.testing.assert_allclose(noise, others / 4, rtol=1e-6)
            else:
                assert noise is None


def test_the_variance_given_for_a_target_is_what_poisson_frames_show(tmp_path: Path) -> None:
    rate, frames = 3.0, np.random.default_rng(1).poisson(3.0, (6, 2, 200, 200)).astype(np.uint8)
    source = save(tmp_path / "a.tif", frames, "RCYX")
    with ingest(tmp_path / "a.h5", [source], "leave-one-out") as scan:
        noise = scan.read_target_noise(2)
        assert noise is not None
        assert float(np.mean((scan.read_target(2) - rate) ** 2)) == pytest.approx(float(noise.mean()), rel=0.03)


def test_the_target_of_a_frame_does_not_contain_it(tmp_path: Path) -> None:
    frames = values(4, 2, 12, 13)
    changed = frames.copy()
    changed[2] = values(2, 12, 13, seed=9)
    first = ingest(tmp_path / "a.h5", [save(tmp_path / "a.tif", frames, "RCYX")], "leave-one-out")
    second = ingest(tmp_path / "b.h5", [save(tmp_path / "b.tif", changed, "RCYX")], "leave-one-out")
    with first, second:
        np.testing.assert_array_equal(first.read_target(2), second.read_target(2))
        assert not np.array_equal(first.read_target(1), second.read_target(1))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), dimensions=st.sampled_from([2, 3]), measured=st.booleans())
def test_regions_equal_the_same_part_of_the_whole(
    tmp_path: Path, data: st.DataObject, dimensions: int, measured: bool
) -> None:
    shape = (35, 20, 150)[-dimensions:] if dimensions == 3 else (150, 140)
    output = tmp_path / f"{dimensions}{measured}.h5"
    if not output.exists():
        axes = "ZYX"[-dimensions:]
        noisy = save(tmp_path / "n.tif", values(3, 2, *shape), "RC" + axes)
        reference = save(tmp_path / "r.tif", values(2, *shape, seed=1), "C" + axes)
        ingest(output, [noisy], [reference] if measured else "leave-one-out", dimensions=dimensions).close()
    bounds = [data.draw(st.tuples(st.integers(-5, length + 5), st.integers(-5, length + 5))) for length in shape]
    region = tuple(slice(*pair) for pair in bounds)
    k = data.draw(st.integers(0, 2))
    with Scan(output) as scan:
        part = (slice(None), *region)
        np.testing.assert_array_equal(scan.read_frame(k, region), scan.read_frame(k)[part])
        np.testing.assert_array_equal(scan.read_target(k, region), scan.read_target(k)[part])
        noise, whole = scan.read_target_noise(k, region), scan.read_target_noise(k)
        assert (noise is None) == (whole is None) == measured
        if noise is not None and whole is not None:
            np.testing.assert_array_equal(noise, whole[part])


def test_wrong_regions_and_frames_are_refused(tmp_path: Path) -> None:
    with ingest(tmp_path / "a.h5", [save(tmp_path / "a.tif", values(3, 2, 12, 13), "RCYX")]) as scan:
        with pytest.raises(IndexError):
            scan.read_frame(3)
        with pytest.raises(IndexError):
            scan.read_frame(-1)
        with pytest.raises(ValueError, match="2 slices"):
            scan.read_frame(0, (slice(0, 3),))
        with pytest.raises(ValueError, match="step"):
            scan.read_frame(0, (slice(0, 3, 2), slice(0, 3)))
        with pytest.raises(InputError, match="no reference"):
            scan.read_target(0)
        assert not scan.has_reference and scan.reference_kind == "none" and scan.read_target_noise(0) is None


def test_the_digest_of_what_is_stored_is_that_of_the_pixels(tmp_path: Path) -> None:
    pixels = values(3, 2, 150, 140)
    other = pixels.copy()
    other[1, 1, 149, 139] += 1
    digests = []
    for name, content in (("a", pixels), ("b", pixels), ("c", other)):
        source = save(tmp_path / f"{name}.tif", content, "RCYX")
        with ingest(tmp_path / f"{name}.h5", [source], "leave-one-out") as scan:
            digests.append(scan.stored_digest())
    assert digests[0] == digests[1] != digests[2], "names of files do not count, a single pixel does"
    with ingest(tmp_path / "d.h5", [save(tmp_path / "d.tif", pixels, "RCYX")]) as scan:
        assert scan.stored_digest() != digests[0], "and so does the reference"


def test_repeats_of_a_group_show_one_field_of_view_and_no_scan_is_taken_for_a_group(tmp_path: Path) -> None:
    source = [save(tmp_path / "a.tif", values(1, 2, 12, 13), "RCYX")]
    fields = []
    for number, about in enumerate([{"scan": "a", "group": "g"}, {"scan": "b", "group": "g"}, {"scan": "g"}]):
        with ingest(tmp_path / f"{number}.h5", source, **about) as scan:
            fields.append(scan.field_of_view)
    assert fields[0] == fields[1] != fields[2]


def test_files_that_are_no_scans(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        Scan(tmp_path / "absent.h5")
    (tmp_path / "noise.h5").write_bytes(b"x" * 1000)
    with pytest.raises(InputError, match=r"noise\.h5"):
        Scan(tmp_path / "noise.h5")
    with h5py.File(tmp_path / "other.h5", "w") as stored:
        stored["noisy"] = values(2, 2)
    with pytest.raises(InputError, match="not a scan"):
        Scan(tmp_path / "other.h5")


def test_the_noise_of_a_target_is_known_by_counts_frames_or_repeats(tmp_path: Path) -> None:
    """Whatever shows it, the variance is unbiased: its mean is the target's mean squared distance to the signal."""
    rng = np.random.default_rng(2)
    signal = rng.uniform(2, 8, (1, 60, 60))
    counts = rng.poisson(signal, (6, 1, 60, 60)).astype(np.uint16)
    levels = (signal + rng.normal(0, 1.5, (6, 1, 60, 60))).astype(np.float32)
    long = rng.poisson(20 * signal, (1, 1, 60, 60)).astype(np.uint16)
    repeats = (signal + rng.normal(0, 1.5, (3, 1, 60, 60))).astype(np.float32)
    cases = {
        "counts": ingest(
            tmp_path / "a.h5", [save(tmp_path / "a.tif", counts, "RCYX")], "leave-one-out", channels=["a"]
        ),
        "frames": ingest(
            tmp_path / "b.h5", [save(tmp_path / "b.tif", levels, "RCYX")], "leave-one-out", channels=["a"], counts=False
        ),
        "repeats": ingest(
            tmp_path / "c.h5",
            [save(tmp_path / "c.tif", levels[:2], "RCYX")],
            [save(tmp_path / "cr.tif", repeats, "RCYX")],
            channels=["a"],
            counts=False,
        ),
    }
    for source, scan in cases.items():
        with scan:
            assert scan.noise_source == source
            noise = scan.read_reference_noise(1)
            assert noise is not None and noise.dtype == np.float32
            true = float(np.mean((scan.read_target(1) - signal) ** 2))
            assert float(noise.mean()) == pytest.approx(true, rel=0.1)
            region = (slice(3, 20), slice(7, 50))
            part = scan.read_reference_noise(1, region)
            np.testing.assert_array_equal(part, noise[(slice(None), *region)])
    with ingest(
        tmp_path / "d.h5",
        [save(tmp_path / "d.tif", counts[:1], "RCYX")],
        [save(tmp_path / "dr.tif", long, "RCYX")],
        channels=["a"],
    ) as scan:  # one long reference of counts
        assert (scan.noise_source, scan.count_unit) == ("counts", 1.0)
        np.testing.assert_allclose(scan.read_reference_noise(0), scan.read_target(0))


def test_the_noise_of_one_measurement_that_counts_nothing_is_not_known(tmp_path: Path) -> None:
    noisy, reference = values(2, 1, 12, 13, dtype="float32"), values(1, 12, 13, seed=3, dtype="float32")
    files = [save(tmp_path / "n.tif", noisy, "RCYX")], [save(tmp_path / "r.tif", reference, "CYX")]
    with ingest(tmp_path / "a.h5", *files, channels=["a"], counts=False) as scan:
        assert scan.noise_source is None and scan.read_reference_noise(0) is None
    with ingest(tmp_path / "b.h5", files[0], "leave-one-out", channels=["a"], counts=False) as scan:
        assert scan.noise_source is None, "one other frame shows no variance"
