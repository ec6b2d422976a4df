"""Digests change with all code that a step depends on, and with nothing else."""

from __future__ import annotations

import ast
import hashlib
import os
from pathlib import Path

import pytest

from noisebound.core.errors import InputError
from noisebound.jobs import digests


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
    file.write_text(file.read_text() + "edited = 1\n")
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
    modules = {path.stem for path in digests.library_modules("training.train_member")}
    assert {"train_member", "quantile_network", "random_graph", "scan", "errors"} <= modules
    assert not modules & {"report_scan", "draw_figures", "intervals", "digests", "checks", "tiff", "gpu_places"}


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A package of packages: every level of imports, and one module of the same name in two rooms."""
    root = tmp_path / "noisebound"
    sources = {
        "__init__": '"""Contents."""\n',
        "core/__init__": '"""Contents."""\n',
        "core/errors": "class E(Exception): ...\n",
        "core/units": "nm = 1e-9\n",
        "scans/__init__": '"""Contents."""\nFORMAT = 1\n',
        "scans/units": "pixel = 1\n",
        "scans/tiff": "from ..core.errors import E\nfrom . import units\n",
        "scans/deep/__init__": "",
        "scans/deep/far": "from ...core import units\nfrom .. import FORMAT\nfrom ..tiff import units as other\n",
        "scans/absolute": "import noisebound.core.units\nfrom noisebound.scans import tiff\n",
    }
    for name, source in sources.items():
        file = root / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)
    return root


def places(*rooms: str, package: Path) -> set[str]:
    return {path.relative_to(package).as_posix() for path in digests.library_modules(*rooms, package=package)}


def test_imports_of_every_level_are_followed(house: Path) -> None:
    assert places("scans.tiff", package=house) == {"scans/tiff.py", "core/errors.py", "scans/units.py"}
    far = {"scans/deep/far.py", "core/units.py", "scans/__init__.py", "scans/tiff.py", "core/errors.py"}
    assert places("scans.deep.far", package=house) == far | {"scans/units.py"}
    assert places("scans.absolute", package=house) == {
        *("scans/absolute.py", "core/units.py", "scans/tiff.py", "core/errors.py", "scans/units.py")
    }


@pytest.mark.parametrize(
    "statement",
    ["from ..gone import x", "from ..core.gone import x", "from ....core import units", "import noisebound.gone"],
)
def test_an_import_that_does_not_resolve_is_refused(house: Path, statement: str) -> None:
    (house / "scans" / "tiff.py").write_text(f"{statement}\n")
    with pytest.raises(InputError):
        digests.library_modules("scans.tiff", package=house)


def test_modules_of_one_name_in_two_rooms_are_two(house: Path) -> None:
    """Their places are part of the digest: code that moves to another room is other code."""
    before = digest("scans.tiff", package=house)
    (house / "core" / "units.py").write_text("pixel = 1\n")
    (house / "scans" / "tiff.py").write_text("from ..core.errors import E\nfrom ..core import units\n")
    assert digest("scans.tiff", package=house) != before


SOURCE = '''"""Module."""
import math  # why

CONSTANT = {"a": 1.5, 'b': None, "c": b"x", "d": ...}


class Thing:
    """Class."""

    field: int = 3

    async def wait(self, *, quick: bool = True) -> str:
        """Method."""
        return f"{self.field!r:>{3}} {math.pi:.2f}"


def only() -> None:
    """Nothing but words."""


def text() -> str:
    return "not a docstring"
'''
REWRITTEN = '''# Another head.
"""Other words
over two lines."""

import math
CONSTANT = {
    'a': 1.50,
    'b': (None),
    "c": b"x",
    "d": ...,
}
class Thing:
    field: int = 3
    async def wait(self, *, quick: bool=True) -> str:
        # a comment
        return f'{self.field!r:>{3}} {math.pi:.2f}'
def only() -> None:
    """Other words."""
def text() -> str:
    """Words where none were."""
    return 'not a docstring'
'''


def test_prose_and_layout_do_not_count() -> None:
    assert digests.meaning(SOURCE.encode()) == digests.meaning(REWRITTEN.encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1.5", "1.25"),
        ("None,", "False,"),
        ("quick: bool = True", "quick: bool = False"),
        ('"not a docstring"', '"another text"'),
        ("!r", "!s"),
        (":.2f", ":.3f"),
        ("async def", "def"),
        ("import math", "import cmath as math"),
        ("field: int = 3", "field: int = 4"),
        ('b"x"', '"x"'),
        ("*, quick", "quick"),
    ],
)
def test_whatever_code_does_counts(old: str, new: str) -> None:
    assert SOURCE.count(old) == 1
    assert digests.meaning(SOURCE.encode()) != digests.meaning(SOURCE.replace(old, new).encode())


def test_meaning_is_one_text_under_every_python() -> None:
    """A step in a container may run under another Python than the workflow."""
    digest = hashlib.sha256(digests.meaning(SOURCE.encode())).hexdigest()
    assert digest == "056d43ccfdc7626ac5fab505266c032ca2c08ddfc7417d7124571c546c6e3765"


def test_the_library_rewritten_from_its_syntax_tree_means_the_same() -> None:
    for path in digests.PACKAGE.rglob("*.py"):
        source = path.read_bytes()
        assert digests.meaning(ast.unparse(ast.parse(source)).encode()) == digests.meaning(source), path


def test_a_script_is_part_of_the_digest(package: Path, tmp_path: Path) -> None:
    script = tmp_path / "step.py"
    script.write_text("run(1)\n")
    before = digest("top", script=script, package=package)
    script.write_text("# words\nrun(1)\n")
    assert digest("top", script=script, package=package) == before
    script.write_text("run(2)\n")
    assert digest("top", script=script, package=package) != before


def test_code_of_another_library_is_refused(package: Path, tmp_path: Path) -> None:
    (package / "templates").mkdir()
    (package / "templates" / "page.html").write_text("<p>")
    script = tmp_path / "step.py"
    script.write_text("run(1)\n")
    code = digest("top", "aside", extra=(package / "templates",), script=script, package=package)
    digests.check_code(code, package)
    (package / "bottom.py").write_text((package / "bottom.py").read_text() + "# words\n")
    (package / "unrelated.py").write_text("x = 1\n")
    digests.check_code(code, package)
    for file, text in {"bottom.py": "other = 1\n", "templates/page.html": "<b>"}.items():
        kept = (package / file).read_text()
        (package / file).write_text(kept + text)
        with pytest.raises(InputError, match="another noisebound"):
            digests.check_code(code, package)
        (package / file).write_text(kept)
    (package / "bottom.py").unlink()
    with pytest.raises(InputError, match="another noisebound"):
        digests.check_code(code, package)
