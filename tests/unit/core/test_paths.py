"""Paths are taken as they stand, or refused with what to write instead."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from noisebound.core.errors import InputError
from noisebound.core.paths import check_paths, unexpanded


def paths(**changes: Any) -> dict[str, Any]:
    content = {"results": "results", "scans": "s.tsv", "containers": None} | changes
    return {"results": content["results"], "scans": content["scans"], "software": {"containers": content["containers"]}}


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("SCRATCH", "/scratch/ada")
    monkeypatch.delenv("ABSENT", raising=False)


@pytest.mark.parametrize("key", ["results", "scans", "containers"])
@pytest.mark.parametrize(
    ("path", "remedy"),
    [
        ("~/nb", "write /home/ada/nb"),
        ("~", "write /home/ada"),
        ("~nobody-of-this-name/nb", "write the whole path"),
        ("$SCRATCH", "write /scratch/ada"),
        ("$SCRATCH/a", "write /scratch/ada/a"),
        ("${SCRATCH}/a", "write /scratch/ada/a"),
        ("/data/$SCRATCH", "write /data//scratch/ada"),
        ("$ABSENT/a", "write the whole path"),
        ("${SCRATCH}/${ABSENT}", "write the whole path"),
        (" results", "take the space away"),
        ("results ", "take the space away"),
        ("x" * 300, "at most 255 bytes"),
        ("é" * 130, "at most 255 bytes"),
        ("/".join(["x" * 200] * 30), "3000 in all"),
    ],
)
def test_paths_that_are_refused_say_what_to_write(key: str, path: str, remedy: str) -> None:
    with pytest.raises(InputError) as raised:
        check_paths(paths(**{key: path}), "run.yaml")
    assert raised.value.key == ("software.containers" if key == "containers" else key)
    assert remedy in str(raised.value).partition("Remedy: ")[2]
    assert raised.value.file == "run.yaml"


@pytest.mark.parametrize("path", ["{scan}", "a/{x}/b", "a{", "}b"])
def test_braces_in_the_names_of_results(path: str) -> None:
    with pytest.raises(InputError, match=r"'results'.*braces.*wildcards.*Remedy: name a folder without"):
        check_paths(paths(results=path), "run.yaml")
    check_paths(paths(scans=path), "run.yaml")


@pytest.mark.parametrize("key", ["results", "scans"])
def test_addresses(key: str) -> None:
    with pytest.raises(InputError, match=f"'{key}'.*an address"):
        check_paths(paths(**{key: "s3://bucket/results"}), "run.yaml")


@pytest.mark.parametrize(
    "place",
    [
        "",
        "a b",
        "it's",
        'a"b',
        "a;b",
        "a&b",
        "a|b",
        "a>b",
        "a`b`",
        "{step}",
        "a*",
        "a\\b",
        "oras://a/$TAG",
        "oras://a b",
    ],
)
def test_places_of_images_reach_a_shell(place: str) -> None:
    with pytest.raises(InputError, match=r"'software\.containers'.*Remedy: "):
        check_paths(paths(containers=place), "run.yaml")


@pytest.mark.parametrize(
    "place", [None, "containers/images", "/data/images_1", "oras://ghcr.io/group/nb", "docker://a.b:5000/c"]
)
def test_places_of_images_that_are_fine(place: str | None) -> None:
    check_paths(paths(containers=place), "run.yaml")


@pytest.mark.parametrize(
    ("path", "same"),
    [
        ("results", "results"),
        ("./results", "results"),
        ("results/", "results"),
        ("a//b/../c", "a/c"),
        (".", "."),
        ("../out", "../out"),
        ("/data/it's 100 % µm [a] #1, 5 $ ~", "/data/it's 100 % µm [a] #1, 5 $ ~"),
    ],
)
def test_one_folder_has_one_name(path: str, same: str) -> None:
    settings = paths(results=path)
    check_paths(settings, "run.yaml")
    assert settings["results"] == same


def test_what_a_shell_would_make_of_a_path() -> None:
    assert unexpanded("data/a.tif") is unexpanded("a~b") is unexpanded("5 $") is None
    assert unexpanded("~/a") == os.path.expanduser("~/a") == str(Path.home() / "a")
    assert unexpanded("$ABSENT/a") == ""
