"""What a Python file imports, read from its text."""

from __future__ import annotations

import ast
from pathlib import Path


def imported_packages(path: Path) -> set[str]:
    """Top-level names of the packages that a file imports anywhere, apart from relative imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.split(".")[0])
    return found


def rooms_of(script: Path) -> list[str]:
    """Modules of the library that a script imports, as ``package.module``."""
    imports = [
        node for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))) if isinstance(node, ast.ImportFrom)
    ]
    return [node.module.partition(".")[2] for node in imports if node.module and node.module.startswith("noisebound.")]
