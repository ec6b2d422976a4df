"""Digests change with every byte that a step depends on, and with nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from noisebound import digests
from noisebound.errors import InputError


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """``top`` needs ``middle`` in a function, ``middle`` needs ``bottom``; ``aside`` belongs to nobody."""
    root = tmp_path / "noisebound"
    root.mkdir()
    sources = {
        "__init__": '__version__ = "1"\n',
        "top": "import numpy\n\ndef f():\n    from .middle import g\n    return g\n",
        "middle": "from . import bottom\n\ng = bottom.h\n",
        "bottom": "import noisebound.aside2\nfrom noisebound.circle import c\nh = 1\n",
        "circle": "from .bottom import h\nc = 2\n",
        "aside2": "",
        "aside": "x = 1\n",
        "versioned": "from . import __version__\n",
    }
    for name, source in sources.items():
        (root / f"{name}.py").write_text(source)
    return root


def names(*rooms: str, package: Path) -> set[str]:
    return {path.stem for path in digests.library_modules(*rooms, package=package)}


def digest(*rooms: str, **options: object) -> str:
    digests.library_digest.cache_clear()
    return digests.library_digest(*rooms, **options)


def test_all_imports_are_followed(package: Path) -> None:
    assert names("top", package=package) == {"top", "middle", "bottom", "circle", "aside2"}
    assert names("aside", package=package) == {"aside"}
    assert names("aside", "circle", package=package) == {"aside", "circle", "bottom", "aside2"}


def test_package_itself_counts_only_where_it_is_imported_from(package: Path) -> None:
    assert names("versioned", package=package) == {"versioned", "__init__"}
    assert "__init__" not in names("top", package=package)


@pytest.mark.parametrize("module", ["top", "middle", "bottom", "circle", "aside2"])
def test_digest_changes_with_every_module_below(package: Path, module: str) -> None:
    before, aside = digest("top", package=package), digest("aside", package=package)
    file = package / f"{module}.py"
    file.write_text(file.read_text() + "# edited\n")
    assert digest("top", package=package) != before
    assert digest("aside", package=package) == aside


def test_digest_ignores_times_and_other_modules(package: Path) -> None:
    before = digest("top", package=package)
    (package / "aside.py").write_text("x = 2\n")
    os.utime(package / "top.py", (1, 1))
    assert digest("top", package=package) == before


def test_bytes_that_move_between_files_change_the_digest(package: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "one" / "a", tmp_path / "one" / "b"
    first.parent.mkdir()
    first.write_text("xy")
    second.write_text("z")
    before = digest("aside", extra=(tmp_path / "one",), package=package)
    first.write_text("x")
    second.write_text("yz")
    assert digest("aside", extra=(tmp_path / "one",), package=package) != before


def test_files_in_folders_of_a_folder_count(package: Path, tmp_path: Path) -> None:
    deep = tmp_path / "one" / "two" / "a"
    deep.parent.mkdir(parents=True)
    deep.write_text("x")
    before = digest("aside", extra=(tmp_path / "one",), package=package)
    deep.write_text("y")
    assert digest("aside", extra=(tmp_path / "one",), package=package) != before


def test_a_digest_of_nothing_is_refused(package: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty"):
        digest("aside", extra=(tmp_path / "empty",), package=package)
    with pytest.raises(InputError, match="gone"):
        digest("aside", extra=(tmp_path / "gone",), package=package)
    with pytest.raises(InputError, match="unheard_of"):
        digest("unheard_of", package=package)
    with pytest.raises(InputError, match="no module"):
        digest(package=package)


def test_training_depends_on_the_network_and_not_on_pages() -> None:
    modules = {path.stem for path in digests.library_modules("training")}
    assert {"training", "network", "architecture", "scans", "errors"} <= modules
    assert not modules & {"pages", "figures", "calibration", "digests", "settings"}


def test_stamp_tells_an_older_replacement_of_equal_size(tmp_path: Path) -> None:
    file = tmp_path / "a.tif"
    file.write_bytes(b"1234")
    os.utime(file, ns=(2_000_000_000, 2_000_000_000))
    before = digests.file_stamp(file)
    assert digests.file_stamp(file) == before
    os.utime(file, ns=(1_000_000_000, 1_000_000_000))
    assert digests.file_stamp(file) != before
