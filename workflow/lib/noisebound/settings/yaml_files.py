"""Configuration files in YAML or JSON: content that a YAML reader would silently drop or convert is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml

from ..core.errors import InputError

MOST_BYTES = 1 << 20
MOST_VALUES = 100_000  # with every anchor written out
MOST_LEVELS = 30
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER = yaml.resolver.Resolver()
_STANDARD = "tag:yaml.org,2002:"
_PLAIN = {f"{_STANDARD}{name}" for name in ("null", "bool", "int", "float", "str", "map", "seq", "merge", "value")}


def check_yaml(path: str | Path) -> None:
    """Check that a configuration file can be read and gives no key twice.

    Parameters
    ----------
    path
        A file in YAML or JSON, as Snakemake takes it.

    Raises
    ------
    InputError
        If the file cannot be read, is no mapping with text as keys, repeats a key, has an anchor that contains itself,
        or is too large or too deep. The message names file, line and key where known.
    """
    text = _text(path)
    if not _is_json(text, path):
        _check_events(text, path)


def read_yaml(path: str | Path) -> dict[str, Any]:
    """Read a configuration file.

    Parameters
    ----------
    path
        A file in YAML or JSON.

    Returns
    -------
    dict
        Its content; the values have not been checked.

    Raises
    ------
    InputError
        As in :func:`check_yaml`, and for values that cannot be read, such as a date with a 13th month.
    """
    check_yaml(path)
    text = _text(path)
    try:
        try:
            content = json.loads(text)
        except ValueError:
            content = yaml.load(text, Loader=_LOADER)
    except (ValueError, OverflowError, yaml.YAMLError) as error:
        raise InputError(f"a value cannot be read ({_words(error)})", file=path, remedy="correct the file") from None
    if not isinstance(content, dict):
        raise _not_a_mapping(path)
    return content


def merged(contents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Merge configurations as Snakemake does.

    Parameters
    ----------
    contents
        The configurations; later ones override earlier ones.

    Returns
    -------
    dict
        Mappings are merged at any depth; any other value is replaced by the later one.
    """
    result: dict[str, Any] = {}
    for content in contents:
        for key, value in content.items():
            below = result.get(key)
            both = isinstance(below, Mapping) and isinstance(value, Mapping)
            result[key] = merged([below, value]) if both else value  # type: ignore[list-item]
    return result


def _text(path: str | Path) -> str:
    try:
        with open(path, "rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise InputError("the configuration does not exist", file=path, remedy="correct the path") from None
    except IsADirectoryError:
        raise InputError("a directory, not a configuration", file=path, remedy="name the file in it") from None
    except (OSError, ValueError) as error:
        remedy = "check path and permissions"
        raise InputError(f"the configuration cannot be opened ({_words(error)})", file=path, remedy=remedy) from None
    if len(content) > MOST_BYTES:
        problem = f"larger than {MOST_BYTES} bytes, which no configuration is"
        raise InputError(problem, file=path, remedy="copy config/config.yaml and change it")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        remedy = "save it as UTF-8, or name the right file"
        raise InputError(f"line {line} is not text in UTF-8", file=path, remedy=remedy) from None


def _is_json(text: str, path: str | Path) -> bool:
    """Whether Snakemake would read the text as JSON; then its keys are checked here."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for key, value in pairs:
            if key in seen:
                raise InputError("the key is given twice", file=path, key=key, remedy="keep one of them")
            seen[key] = value
        return seen

    try:
        content = json.loads(text, object_pairs_hook=unique)
    except ValueError:
        return False
    except RecursionError:
        raise _too_deep(path) from None
    if not isinstance(content, dict):
        raise _not_a_mapping(path)
    return True


@dataclass
class _Open:
    """A mapping or a sequence whose end has not been read yet.

    ``keys`` holds the line of every key so far; ``key`` is the one whose value comes next, None if a key comes next.
    ``size`` counts its values with every anchor written out, ``height`` the levels below it.
    """

    mapping: bool
    anchor: str | None
    size: int = 1
    height: int = 1
    entries: int = 0
    key: str | None = None
    keys: dict[str, int] = field(default_factory=dict)


class _Check:
    """Checks one document event by event, before anything is built from it: nested anchors cost no memory or time."""

    def __init__(self, path: str | Path) -> None:
        self.path = path
        self.open: list[_Open] = []
        # Size and height of what an anchor names; None while it is still open.
        self.anchors: dict[str, tuple[int, int] | None] = {}

    def take(self, event: yaml.Event) -> None:
        line = _line(event)
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._expect_value(line)
            self._check_tag(event.tag, line)
            if not self.open and isinstance(event, yaml.SequenceStartEvent):
                raise _not_a_mapping(self.path)
            if event.anchor:
                self.anchors[event.anchor] = None
            self.open.append(_Open(isinstance(event, yaml.MappingStartEvent), event.anchor))
            if len(self.open) > MOST_LEVELS:
                raise _too_deep(self.path, line)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            closed = self.open.pop()
            if closed.anchor:
                self.anchors[closed.anchor] = closed.size, closed.height
            self._add(closed.size, closed.height, line)
        elif isinstance(event, yaml.AliasEvent):
            self._expect_value(line)
            self._alias(str(event.anchor), line)
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        tag = event.tag or _RESOLVER.resolve(yaml.ScalarNode, event.value, event.implicit)
        if not self.open:
            raise _not_a_mapping(self.path)
        place = self.open[-1]
        if place.mapping and place.key is None:
            self._key(place, event.value, tag, line)
            return
        self._check_tag(tag, line)
        if event.anchor:
            self.anchors[event.anchor] = 1, 0
        self._add(1, 0, line)

    def _key(self, place: _Open, key: str, tag: str, line: int) -> None:
        where = self._where(key)
        if tag not in (f"{_STANDARD}str", f"{_STANDARD}merge"):
            kind = tag.removeprefix(_STANDARD)
            problem = f"line {line}: keys are text, and YAML reads this one as {kind}"
            raise InputError(problem, file=self.path, key=where, remedy="put it in quotes, or correct the spelling")
        if key in place.keys:
            problem = f"line {line}: the key was given before, in line {place.keys[key]}"
            raise InputError(problem, file=self.path, key=where, remedy="keep one of them")
        place.keys[key], place.key = line, key

    def _alias(self, anchor: str, line: int) -> None:
        if anchor not in self.anchors:
            self._refuse(f"line {line}: nothing above is named &{anchor}", "name it, or correct the spelling")
        named = self.anchors[anchor]
        if named is None:
            self._refuse(f"line {line}: *{anchor} refers to itself", "write out what is meant")
        size, height = named
        if len(self.open) + height > MOST_LEVELS:
            raise _too_deep(self.path, line)
        self._add(size, height, line)

    def _add(self, size: int, height: int, line: int) -> None:
        """Count a finished value in the mapping or sequence that it stands in."""
        if not self.open:
            return
        place = self.open[-1]
        place.size += size
        place.height = max(place.height, height + 1)
        place.entries += 1
        if place.size > MOST_VALUES:
            problem = f"line {line}: more than {MOST_VALUES} values, with all anchors (&, *) written out"
            self._refuse(problem, "remove & and * and write the values out, or name the right file")
        place.key = None

    def _expect_value(self, line: int) -> None:
        if self.open and self.open[-1].mapping and self.open[-1].key is None:
            self._refuse(f"line {line}: a key must be text", "write keys as in config/config.yaml")

    def _check_tag(self, tag: str | None, line: int) -> None:
        if tag is None or tag in _PLAIN or tag == "!":
            return
        if tag == f"{_STANDARD}timestamp":
            self._refuse(f"line {line}: YAML reads this as a date", "put it in quotes")
        name = tag.replace(_STANDARD, "!!")
        self._refuse(f"line {line}: values of the type {name} are not allowed", "remove the tag")

    def _where(self, key: str | None = None) -> str | None:
        parts = [place.key if place.mapping else str(place.entries) for place in self.open]
        if key is not None:
            parts[-1] = key
        return ".".join(part for part in parts if part is not None) or None

    def _refuse(self, problem: str, remedy: str) -> NoReturn:
        raise InputError(problem, file=self.path, key=self._where(), remedy=remedy)


def _check_events(text: str, path: str | Path) -> None:
    check, documents = _Check(path), 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            documents += isinstance(event, yaml.DocumentStartEvent)
            if documents > 1:
                problem = f"line {_line(event)}: a second document begins (---)"
                raise InputError(problem, file=path, remedy="keep one document in a file")
            check.take(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}: " if mark is not None else ""
        remedy = "correct the line or the one before it; indent with spaces, not tabs"
        raise InputError(f"{place}not valid YAML ({_words(error)})", file=path, remedy=remedy) from None
    except RecursionError:
        raise _too_deep(path) from None
    if not documents:
        raise _not_a_mapping(path)


def _line(event: yaml.Event) -> int:
    """Number of the line in which an event begins, counted from 1."""
    return 1 + (event.start_mark.line if event.start_mark else 0)


def _too_deep(path: str | Path, line: int | None = None) -> InputError:
    place = "" if line is None else f"line {line}: "
    problem = f"{place}nested deeper than {MOST_LEVELS} levels"
    return InputError(problem, file=path, remedy="copy config/config.yaml and change it")


def _not_a_mapping(path: str | Path) -> InputError:
    problem = "not a configuration of a run: no keys with values"
    return InputError(problem, file=path, remedy="copy config/config.yaml and change it: keys as `run: my-run`")


def _words(error: Exception) -> str:
    problem = getattr(error, "problem", None) or getattr(error, "strerror", None) or str(error)
    return " ".join(str(problem).split())[:300]
