"""The standard file: targets against brute force, regions against whole frames, refusals that keep nothing."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from noisebound.core.errors import InputError, LeakageError
from noisebound.files.scan import Scan
from noisebound.scans.channels import match_channels
from noisebound.scans.readers import read_image
from tests.unit.scans.ingested import ingest as ingest_scan
from tests.unit.scans.ingested import problems_of

DEMO = Path(__file__).parents[3] / "resources" / "demo"
EDX = ["O", "Mg", "Al", "Si", "Ca", "Fe"]


def values(*shape: int, dtype: str = "uint16", seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 200, shape).astype(dtype)


def save(path: Path, array: np.ndarray, axes: str, **metadata: Any) -> str:
    tifffile.imwrite(path, array, metadata={"axes": axes, **metadata}, photometric="minisblack")
    return str(path)


def ingest(output: Path, noisy: list[str], reference: Any = None, **changes: Any) -> Scan:
    ingest_scan(noisy, reference, output, **changes)
    return Scan(output)


def refuse(output: Path, noisy: list[str], reference: Any = None, *words: str, **changes: Any) -> None:
    """Ingesting must raise an error with these words, a file and a remedy, and leave nothing behind."""
    with pytest.raises(InputError) as raised:
        ingest(output, noisy, reference, **changes)
    message = str(raised.value)
    assert "Remedy: " in message and "file '" in message
    for word in words:
        assert word in message, message
    assert not list(output.parent.glob(f"*{output.name}*"))
    assert problems_of(noisy, reference, **{key: value for key, value in changes.items() if key != "scan"})


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


def test_the_truth_of_a_simulated_scan_is_kept_apart(tmp_path: Path) -> None:
    noisy, measured = values(2, 2, 12, 13), values(2, 12, 13, seed=1)
    truth = np.random.default_rng(2).normal(50, 9, (2, 12, 13)).astype(np.float32)
    sources = [save(tmp_path / "n.tif", noisy, "RCYX")], [save(tmp_path / "r.tif", measured, "CYX")]
    file = save(tmp_path / "t.tif", truth, "CYX")
    with ingest(tmp_path / "a.h5", *sources, truth=file) as scan:
        found = scan.read_truth((slice(2, 9), slice(0, 5)))
        assert found is not None
        np.testing.assert_array_equal(found, truth[:, 2:9, :5])
        np.testing.assert_array_equal(scan.read_target(0), measured.astype(np.float32))
        assert scan.sources[-1]["part"] == "truth"
    with ingest(tmp_path / "b.h5", *sources) as scan:
        assert scan.read_truth() is None
    small = save(tmp_path / "s.tif", truth[:, :9], "CYX")
    refuse(tmp_path / "c.h5", *sources, "s.tif", "spatial shape", truth=small)
    many = save(tmp_path / "m.tif", np.stack([truth, truth]), "RCYX")
    refuse(tmp_path / "c.h5", *sources, "m.tif", "the truth holds 2 frames", truth=many)
    refuse(tmp_path / "c.h5", *sources, "none.tif", truth=str(tmp_path / "none.tif"))


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


def test_many_files_and_any_order_of_axes_give_the_same_scan(tmp_path: Path) -> None:
    frames = values(4, 2, 3, 12, 13)
    stack = save(tmp_path / "stack.tif", frames, "RCZYX")
    parts = [
        save(tmp_path / "0.tif", frames[0], "CZYX"),
        save(tmp_path / "12.tif", frames[1:3].transpose(2, 0, 3, 1, 4), "ZRYCX"),
    ]
    with h5py.File(tmp_path / "3.h5", "w") as stored:
        stored["entry/data"] = frames[3].transpose(3, 2, 1, 0)
    parts.append(f"{tmp_path}/3.h5:/entry/data")
    stored_parts = [*parts[:2], save(tmp_path / "3.tif", frames[3].transpose(3, 2, 1, 0), "XYZC")]
    with (
        ingest(tmp_path / "a.h5", [stack], dimensions=3) as one,
        ingest(tmp_path / "b.h5", stored_parts, dimensions=3) as many,
    ):
        assert one.shape == many.shape == (3, 12, 13) and one.axes == "RCZYX" and one.ndim == 3
        for k in range(4):
            np.testing.assert_array_equal(one.read_frame(k), frames[k])
            np.testing.assert_array_equal(many.read_frame(k), frames[k])
    refuse(tmp_path / "c.h5", parts, None, "3.h5", "`axes` column", dimensions=3)
    with ingest(tmp_path / "d.h5", parts[2:], dimensions=3, axes="XYZC") as last:
        np.testing.assert_array_equal(last.read_frame(0), frames[3])


def test_the_same_inputs_give_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    noisy, reference = (save(tmp_path / f"{n}.tif", values(3, 2, 40, 50, seed=n), "RCYX") for n in (0, 1))
    ingest(tmp_path / "a.h5", [noisy], [reference], group="g").close()
    script = (
        "import sys; from noisebound.scans.ingest_scan import ingest_scan; "
        "from noisebound.scans.settings import DataSettings, SourceSettings; "
        "source = SourceSettings([sys.argv[1]], [sys.argv[2]], group='g'); "
        "ingest_scan(source, DataSettings(2, ['Mg', 'Si'], True), sys.argv[3], scan='a')"
    )
    subprocess.run([sys.executable, "-c", script, noisy, reference, str(tmp_path / "b.h5")], check=True)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_sources_carry_digests_and_metadata_survives(tmp_path: Path) -> None:
    noisy = save(tmp_path / "n.tif", values(3, 2, 12, 13), "RCYX", channels=["Mg_Ka", "Si_Ka"], pixel_um=0.5)
    reference = save(tmp_path / "r.tif", values(2, 12, 13, seed=4), "CYX")
    with ingest(tmp_path / "a.h5", [noisy], [reference], group="slice 7", scan="a-1") as scan:
        digest = [hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in (noisy, reference)]
        assert scan.sources == [
            {"path": noisy, "sha256": digest[0], "part": "noisy"},
            {"path": reference, "sha256": digest[1], "part": "reference"},
        ]
        assert (scan.name, scan.group, scan.channels) == ("a-1", "slice 7", ("Mg", "Si"))
        assert (scan.pixel_size, scan.pixel_unit, scan.axes) == ((0.5, 0.5), "µm", "RCYX")
        np.testing.assert_array_equal(scan.read_target(1), values(2, 12, 13, seed=4))
    again = read_image(f"{tmp_path}/a.h5:/noisy")
    assert (again.axes, again.channels, again.pixel_size) == ("RCYX", ("Mg", "Si"), (0.5, 0.5))
    np.testing.assert_array_equal(again.array, values(3, 2, 12, 13))
    assert read_image(f"{tmp_path}/a.h5:/reference").axes == "CYX"


def test_very_many_sources_fit_into_the_attributes(tmp_path: Path) -> None:
    sources = [save(tmp_path / f"frame-{k:03d}.tif", values(2, 4, 4, seed=k), "CYX") for k in range(500)]
    with ingest(tmp_path / "a.h5", sources, "leave-one-out") as scan:
        assert len(scan.sources) == scan.n_frames == 500


def test_several_references_are_averaged(tmp_path: Path) -> None:
    stack = values(3, 2, 12, 13, seed=5)
    noisy = save(tmp_path / "n.tif", values(2, 12, 13), "CYX")
    files = [save(tmp_path / "r.tif", stack[:2], "RCYX"), save(tmp_path / "s.tif", stack[2], "CYX")]
    with ingest(tmp_path / "a.h5", [noisy], files) as scan:
        np.testing.assert_allclose(scan.read_target(0), stack.mean(axis=0), rtol=1e-6)


def test_sums_beyond_32_bits_and_pixel_sizes_given_by_hand(tmp_path: Path) -> None:
    frames = np.full((3, 2, 4, 4), 2**31, "uint32") + values(3, 2, 4, 4, dtype="uint32")
    source = save(tmp_path / "a.tif", frames, "RCYX")
    with ingest(tmp_path / "a.h5", [source], "leave-one-out", pixel_size=[2.0, 3.0], pixel_unit="um") as scan:
        expected = (frames[0].astype(np.float64) + frames[2]) / 2
        np.testing.assert_array_equal(scan.read_target(1), expected.astype(np.float32))
        assert scan.pixel_size == (2.0, 3.0) and scan.pixel_unit == "µm"
    with ingest(tmp_path / "b.h5", [source]) as scan:
        assert scan.pixel_size == (1.0, 1.0) and scan.pixel_unit == "px"


def test_channels_are_put_in_the_order_of_the_run(tmp_path: Path) -> None:
    frames = values(2, 2, 12, 13)
    source = save(tmp_path / "a.tif", frames, "RCYX", channels=["Si_Ka", "Mg_Ka"])
    with ingest(tmp_path / "a.h5", [source]) as scan:
        np.testing.assert_array_equal(scan.read_frame(0), frames[0, ::-1])
    with ingest(tmp_path / "b.h5", [source], file_channels=["Mg", "Si"]) as scan:
        np.testing.assert_array_equal(scan.read_frame(0), frames[0])
    three = values(2, 3, 12, 13)
    turned = save(tmp_path / "three.tif", three, "RCYX", channels=["Fe", "Mg", "Si"])
    with ingest(tmp_path / "three.h5", [turned], channels=["Mg", "Si", "Fe"]) as scan:
        np.testing.assert_array_equal(scan.read_frame(1), three[1, [1, 2, 0]])
    refuse(tmp_path / "c.h5", [source], None, "Mg_Ka", "Fe", "`data.channels`", channels=["Mg", "Fe"])
    refuse(tmp_path / "c.h5", [source], None, "2 channels", channels=["Mg"])
    refuse(tmp_path / "c.h5", [source], None, "1 channel names", file_channels=["Mg"])
    assert match_channels(["Fe_Ka", "Fe_La"], ["Fe", "Mg"]) is None
    assert match_channels(["Fe_La", "Fe_Ka"], ["Fe_Ka", "Fe_La"]) == (1, 0)
    assert match_channels(["Mgx"], ["Mg"]) is None


def test_shapes_and_dimensions_that_do_not_fit(tmp_path: Path) -> None:
    flat = save(tmp_path / "flat.tif", values(2, 2, 12, 13), "RCYX")
    deep = save(tmp_path / "deep.tif", values(2, 5, 12, 13), "CZYX")
    other = save(tmp_path / "other.tif", values(2, 12, 14), "CYX")
    single = save(tmp_path / "single.tif", values(12, 13), "YX")
    thin = save(tmp_path / "thin.tif", values(2, 1, 12, 13), "CZYX")
    output = tmp_path / "out.h5"
    refuse(output, [flat, other], None, "other.tif", "(12, 14)", "(12, 13)")
    refuse(output, [flat], [other], "other.tif", "(12, 14)")
    refuse(output, [flat], [single], "single.tif", "1 channels")
    refuse(output, [deep], None, "deep.tif", "5 planes along Z", "`data.dimensions: 3`")
    refuse(output, [flat], None, "flat.tif", "no axis Z", dimensions=3)
    refuse(output, [flat, deep], None, "deep.tif")
    refuse(output, [str(tmp_path / "absent.tif")], None, "absent.tif", "does not exist")
    with ingest(tmp_path / "thin.h5", [thin]) as scan:
        assert scan.shape == (12, 13)


def test_values_that_cannot_be_noisy_counts(tmp_path: Path) -> None:
    output = tmp_path / "out.h5"
    constant = values(3, 2, 12, 13)
    constant[1] = 7
    refuse(output, [save(tmp_path / "constant.tif", constant, "RCYX")], None, "frame 1", "value 7", "constant.tif")
    negative = values(2, 12, 13, dtype="int16")
    negative[0, 0, :3] = -1
    source = save(tmp_path / "negative.tif", negative, "CYX")
    refuse(output, [source], None, "3 values", "data.kind: intensity")
    fraction = values(2, 12, 13, dtype="float32")
    fraction[1, 2, 3] = 0.5
    refuse(output, [save(tmp_path / "fraction.tif", fraction, "CYX")], None, "1 values", "fraction.tif")
    whole = save(tmp_path / "whole.tif", values(2, 12, 13, dtype="float32"), "CYX")
    ingest(tmp_path / "whole.h5", [whole]).close()
    ingest(tmp_path / "intensity.h5", [source], counts=False).close()
    below = save(tmp_path / "below.tif", values(2, 12, 13, dtype="int16", seed=1) - 4, "CYX")
    refuse(output, [whole], [below], "below.tif", "negative values")
    flat = save(tmp_path / "flat.tif", np.full((2, 12, 13), 3, "uint8"), "CYX")
    refuse(output, [whole], [flat], "flat.tif", "one value")
    fraction[0, 0, 0] = np.nan
    refuse(output, [save(tmp_path / "nan.tif", fraction, "CYX")], None, "nan.tif", "1 NaN")


def test_targets_that_contain_their_input_are_leakage(tmp_path: Path) -> None:
    frames = values(3, 2, 12, 13)
    source = save(tmp_path / "a.tif", frames, "RCYX")
    summed = save(tmp_path / "sum.tif", frames.sum(axis=0, dtype=np.uint32), "CYX")
    mean = save(tmp_path / "mean.tif", frames.mean(axis=0).astype(np.float32), "CYX")
    doubled = save(tmp_path / "doubled.tif", frames[[0, 1, 0]], "RCYX")
    copied = tmp_path / "copy.tif"
    copied.write_bytes(Path(source).read_bytes())
    for noisy, reference in (
        ([source], [summed]),
        ([source], [mean]),
        ([source], [source]),
        ([source, f"{tmp_path}/./a.tif"], None),
        ([doubled], "leave-one-out"),
        ([source, str(copied)], "leave-one-out"),
    ):
        with pytest.raises(LeakageError, match="Remedy"):
            ingest(tmp_path / "out.h5", noisy, reference)
    assert not (tmp_path / "out.h5").exists()


def test_leave_one_out_needs_two_frames(tmp_path: Path) -> None:
    source = save(tmp_path / "a.tif", values(1, 2, 12, 13), "RCYX")
    refuse(tmp_path / "out.h5", [source], "leave-one-out", "at least 2")


def test_pixel_sizes_that_disagree(tmp_path: Path) -> None:
    first = save(tmp_path / "a.tif", values(2, 12, 13), "CYX", pixel_um=0.5)
    same = save(tmp_path / "b.tif", values(2, 12, 13, seed=1), "CYX", pixel_nm=500)
    other = save(tmp_path / "c.tif", values(2, 12, 13, seed=2), "CYX", pixel_um=0.505)
    with ingest(tmp_path / "out.h5", [first, same]) as scan:
        assert scan.pixel_size == (0.5, 0.5) and scan.pixel_unit == "µm"
    refuse(tmp_path / "none.h5", [first], [other], "c.tif", "0.505")
    with ingest(tmp_path / "given.h5", [first, other], pixel_size=3, pixel_unit="nm") as scan:
        assert scan.pixel_size == (3.0, 3.0)
    for wrong in ({"pixel_size": 3.0}, {"pixel_unit": "nm"}, {"pixel_size": [1, 2, 3], "pixel_unit": "nm"}):
        with pytest.raises(InputError, match="pixel_"):
            ingest(tmp_path / "none.h5", [first], **wrong)


@pytest.mark.parametrize("name", ["../x", "a b", "$(x)", "<script>", "", ".hidden", "a..b", "a/b", "a\n", "-a", "é"])
def test_hostile_names_are_refused(tmp_path: Path, name: str) -> None:
    source = save(tmp_path / "a.tif", values(2, 12, 13), "CYX")
    with pytest.raises(InputError, match="letters, digits"):
        ingest(tmp_path / "out.h5", [source], scan=name)


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


def test_demo_edx_counts(tmp_path: Path) -> None:
    full = tifffile.imread(DEMO / "edx_71GPa_full_CYX.tif").astype(np.float64)
    frames = tifffile.imread(DEMO / "edx_71GPa_frames10_RCYX.tif")
    with ingest(
        tmp_path / "edx.h5", [str(DEMO / "edx_71GPa_frames10_RCYX.tif")], "leave-one-out", channels=EDX
    ) as scan:
        assert scan.n_frames == 10 and scan.shape == (201, 201) and scan.channels == tuple(EDX)
        assert scan.pixel_unit == "µm" and scan.pixel_size == pytest.approx((0.0017165364,) * 2)
        np.testing.assert_allclose(scan.read_target(3), (full - frames[3]) / 9, rtol=1e-6)
    with pytest.raises(LeakageError, match="sum or the mean"):
        ingest(
            tmp_path / "leak.h5",
            [str(DEMO / "edx_71GPa_frames10_RCYX.tif")],
            [str(DEMO / "edx_71GPa_full_CYX.tif")],
            channels=EDX,
        )


def test_demo_bone_volume(tmp_path: Path) -> None:
    noisy = [str(DEMO / f"xct_bone_64x96x96_lowdose_rep{k}_ZYX.tif") for k in (0, 1)]
    reference = str(DEMO / "xct_bone_64x96x96_reference_ZYX.tif")
    with ingest(tmp_path / "bone.h5", noisy, [reference], dimensions=3, channels=["grey"], counts=False) as scan:
        assert scan.n_frames == 2 and scan.shape == (64, 96, 96) and scan.axes == "RCZYX"
        np.testing.assert_array_equal(scan.read_frame(1)[0], tifffile.imread(noisy[1]))
        np.testing.assert_array_equal(scan.read_target(0)[0], tifffile.imread(reference))
        assert scan.read_target_noise(0) is None and scan.pixel_unit == "px"


def test_counts_of_64_bits_are_read_and_summed_without_overflow(tmp_path: Path) -> None:
    frames = np.random.default_rng(1).poisson(5, (3, 8, 9)).astype(np.uint64)
    file = tmp_path / "a.h5"
    with h5py.File(file, "w") as stored:
        stored["x"] = frames
    settings = {"dimensions": 2, "channels": ["c"], "counts": True, "axes": "RYX"}
    ingest_scan([f"{file}:/x"], "leave-one-out", tmp_path / "out.h5", scan="a", **settings)
    with Scan(tmp_path / "out.h5") as scan:
        assert np.array_equal(scan.read_target(0)[0], (frames[1:].sum(axis=0) / 2).astype(np.float32))
    with h5py.File(file, "r+") as stored:
        stored["x"][0, 0, 0] = 2**62
    with pytest.raises(InputError, match="overflow"):
        ingest_scan([f"{file}:/x"], "leave-one-out", tmp_path / "out.h5", scan="a", **settings)
