"""What a configuration must satisfy beyond its schema, said before any job starts.

The schema (``workflow/schemas/config.schema.yaml``) gives types, bounds and defaults; what relates one key to another,
or to the scan sheet, is checked here. Only the standard library is used: reading the workflow must stay fast.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from .blueprint import reach_of_cells
from .config_texts import check_texts
from .errors import InputError
from .exchangeability import check_scans
from .layout import LAYOUT_LETTERS, check_layout
from .unet_architecture import FAMILY as UNET
from .unet_architecture import check_reach, unet_alignment

Settings = dict[str, Any]

# Characters of a value that a message shows.
LONGEST = 300

# Pixels per axis that a patch has unless the configuration says otherwise.
PATCH = {2: 128, 3: 40}


class SchemaViolation(Protocol):
    """The parts used here of ``jsonschema.ValidationError``, which the library does not import."""

    message: str
    validator: str
    validator_value: Any
    instance: Any
    absolute_path: Iterable[str | int]
    schema: Any


def explain_violation(violation: SchemaViolation, file: str | Path, *, within: str = "") -> InputError:
    """Turn a schema violation into an error that names file, key, value and remedy.

    ``within`` is put before the key, for example ``"row 3 (scan 'a')"``.
    """
    path = ".".join(str(part) for part in violation.absolute_path)
    key = " ".join(part for part in (within, path) if part) or None
    expected, value = violation.validator_value, violation.instance
    if violation.validator == "additionalProperties":
        known = sorted(violation.schema.get("properties", {}))
        unknown = sorted(str(name) for name in set(value) - set(known))
        full = [f"{path}.{name}" if path else name for name in unknown]
        return InputError(
            f"unknown {'key' if len(unknown) == 1 else 'keys'}",
            file=file,
            key=" ".join(part for part in (within, ", ".join(full)) if part),
            remedy=f"remove it or correct the spelling; known here: {', '.join(known)}",
        )
    if violation.validator == "required":
        return InputError(violation.message, file=file, key=key, remedy="add the key")
    remedies = {
        "enum": f"use one of {expected}",
        "minimum": f"give a number of at least {expected}",
        "exclusiveMinimum": f"give a number above {expected}",
        "maximum": f"give a number of at most {expected}",
        "exclusiveMaximum": f"give a number below {expected}",
        "minItems": f"give {expected} or more entries",
        "maxItems": f"give {expected} or fewer entries",
        "uniqueItems": "give every entry once",
        "maxLength": f"use at most {expected} characters",
        "maxProperties": f"give at most {expected} keys",
        "type": f"give {' or '.join(map(str, expected)) if isinstance(expected, list) else expected}",
    }
    remedy = remedies.get(violation.validator, violation.schema.get("description", "see config/README.md"))
    if violation.validator == "type" and isinstance(value, str) and _is_number(value):
        scientific = "e" in value.lower()
        remedy += "; YAML reads a number such as 1e-3 as text, write 1.0e-3" if scientific else ", without quotes"
    if violation.validator == "type" and "string" in expected and isinstance(value, int | float):
        remedy += f"; YAML reads this as {'true or false' if isinstance(value, bool) else 'a number'}, put it in quotes"
    if violation.validator == "type" and "object" in expected:
        remedy = "give keys with their values, or leave it out"
    if len(repr(value)) > LONGEST:
        return InputError(
            _shortened(violation.message), file=file, key=key, value=_shortened(repr(value)), remedy=remedy
        )
    return InputError(violation.message, file=file, key=key, value=value, remedy=remedy)


def _shortened(text: str) -> str:
    """A text that fits into a message, its end kept, where messages of jsonschema say what is wrong."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} ... {text[-LONGEST // 2 :]}"


def complete(settings: Settings) -> Settings:
    """Fill the defaults that depend on other keys, in place: the patch depends on the data and the networks."""
    if settings["training"]["patch"] is None:
        settings["training"]["patch"] = default_patch(
            settings["data"]["dimensions"], settings["architecture"]["max_radius"], alignment(settings["architecture"])
        )
    return settings


def default_patch(dimensions: int, radius: int, multiple: int = 1) -> list[int]:
    """Lengths of a patch in pixels that leave room for pixels that count, however far (``radius``) a network sees.

    They are multiples of ``multiple``.
    """
    least = max(PATCH[dimensions], 2 * radius + 8)
    return [least + -least % multiple] * dimensions


def alignment(architecture: Settings) -> int:
    """The number of pixels whose multiples the lengths of a patch must be, given the section ``architecture``."""
    unet = architecture["family"] == UNET
    return unet_alignment(architecture["unet"]["levels"]) if unet else int(architecture["cell"])


def family_settings(architecture: Settings) -> Settings:
    """The keys of the section ``architecture`` that shape a member; those of another family trigger nothing."""
    if architecture["family"] == UNET:
        return {key: architecture[key] for key in ("family", "unet", "latent", "hidden", "max_radius")}
    return {key: value for key, value in architecture.items() if key not in ("members", "family", "unet")}


def check_settings(settings: Settings, file: str | Path) -> None:
    """Raise ``InputError`` where keys contradict each other; ``settings`` has passed the schema."""
    checks = (_check_training, _check_regions, _check_architecture, _check_calibration, _check_drift, _check_decisions)
    for check in (check_texts, *checks):
        check(settings, file)


def check_roles_covered(roles: Mapping[str, str], settings: Settings, file: str | Path) -> None:
    """Raise ``InputError`` where there is no scan, or none can train or calibrate.

    ``roles`` maps each scan of the sheet ``file`` to its role; a scan with role split offers the roles in
    ``regions.layout``. Without test regions a run is possible, and its pages say that nothing was tested.
    """
    if not roles:
        raise InputError(
            "the scan sheet lists no scan",
            file=file,
            remedy="add a row per scan, by hand or with `noisebound register`, as config/README.md explains",
        )
    present = offered_roles(roles.values(), settings["regions"]["layout"])
    if "split" in roles.values() and settings["regions"]["layout"] is None:
        scan = next(name for name, role in roles.items() if role == "split")
        raise InputError(
            f"scan {scan!r} has role 'split', but no layout says how to divide it",
            file=file,
            key="regions.layout",
            remedy="draw one in the configuration, for example ['TTC', 'STE'], or give the scan another role",
        )
    for needed in ("train", "calibrate"):
        if needed not in present:
            raise InputError(
                f"no scan serves role {needed!r}",
                file=file,
                key="role",
                value=sorted(set(roles.values())),
                remedy=f"give one scan role {needed!r}, or divide one scan with role 'split' and regions.layout",
            )


def check_calibrate_scans(fields: Collection[str], settings: Settings, file: str | Path) -> None:
    """Raise ``InputError`` where ``calibration.unit`` asks for a statement that the scans cannot carry.

    ``fields`` names the fields of view (groups, or scans without group) whose scans serve calibration as a whole.
    """
    calibration = settings["calibration"]
    check_scans(
        calibration["unit"],
        len(fields),
        {
            "calibration.nominal": calibration["nominal"],
            "decisions.exceed.confidence": sorted({entry["confidence"] for entry in settings["decisions"]["exceed"]}),
        },
        calibration["confidence"],
        2 if calibration["score"] == "asymmetric" else 1,
        file,
    )


def simulation_margin(settings: Settings) -> int:
    """Pixels around each simulated image: as far as networks may see, in whole blocks of all networks."""
    radius, block = settings["architecture"]["max_radius"], simulation_block(settings)
    return int(radius + -radius % block)


def simulation_block(settings: Settings) -> int:
    """Pixels whose multiples suit the random networks and the U-Nets beside them."""
    return math.lcm(settings["architecture"]["cell"], unet_alignment(settings["architecture"]["unet"]["levels"]))


def check_simulation(scans: Mapping[str, tuple[str, Sequence[str]]], settings: Settings, file: str | Path) -> None:
    """Raise ``InputError`` where a simulated scan is not in the sheet as it must be, or the settings do not allow it.

    ``scans`` maps each scan of the sheet to its role and its files.
    """
    entries = settings["simulation"]["scans"]
    if not entries:
        return
    repeated = _repeated(entry["scan"] for entry in entries)
    if repeated:
        remedy = "give every scan one entry"
        raise InputError("a scan is simulated twice", file=file, key="simulation.scans", value=repeated, remedy=remedy)
    sheet = settings["scans"]
    for entry in entries:
        name = entry["scan"]
        place = Path(settings["results"], settings["run"], "simulated", f"{name}.h5").as_posix()
        wanted = f"give it a row with {place}:/noisy, {place}:/reference and, as truth, {place}:/truth"
        if name not in scans:
            raise InputError("a simulated scan is not in the scan sheet", file=sheet, value=name, remedy=wanted)
        role, files = scans[name]
        if list(files) != [place]:
            raise InputError(
                f"the simulated scan {name!r} lies elsewhere", file=sheet, key="noisy", value=list(files), remedy=wanted
            )
        if role not in ("train", "select", "calibrate", "test"):
            remedy = "use train, select, calibrate or test"
            raise InputError("a simulated scan has another role", file=sheet, key="role", value=role, remedy=remedy)
    roles = {scans[entry["scan"]][0] for entry in entries}
    for needed in ("train", "calibrate", "test"):
        if needed not in roles:
            raise InputError(
                f"no simulated scan has the role {needed!r}, so nothing could be compared",
                file=sheet,
                key="role",
                remedy="simulate at least one scan to train, one to calibrate and one to test",
            )
    data = settings["data"]
    if data["dimensions"] != 2 or len(data["channels"]) != 1 or data["kind"] != "intensity":
        raise InputError(
            "simulated scans are images of one channel",
            file=file,
            key="data",
            value={key: data[key] for key in ("dimensions", "channels", "kind")},
            remedy="use dimensions 2, one channel, and kind intensity",
        )
    block = simulation_block(settings)
    size = settings["simulation"]["size"]
    if size % block:
        raise InputError(
            f"the networks of the comparison need images whose lengths are multiples of {block} px",
            file=file,
            key="simulation.size",
            value=size,
            remedy=f"for example {size + -size % block}",
        )
    # U-Nets are trained beside the random networks, on the same patches.
    rival = {**settings, "architecture": {**settings["architecture"], "family": UNET}}
    _check_architecture(rival, file)
    _check_training(rival, file)


def offered_roles(roles: Iterable[str], layout: Sequence[str] | None) -> set[str]:
    """The roles that pixels can have, given the scans' roles and the layout that divides ``split`` scans."""
    present = set(roles)
    if "split" in present:
        present.remove("split")
        present |= {role for letter in "".join(layout or ()) if (role := LAYOUT_LETTERS[letter])}
    return present


def _check_training(settings: Settings, file: str | Path) -> None:
    low, high = settings["training"]["levels"]
    if not low < 0.5 < high:
        raise InputError(
            "the two levels must lie on either side of the median, lower one first",
            file=file,
            key="training.levels",
            value=[low, high],
            remedy="for example [0.05, 0.95]",
        )
    dimensions = settings["data"]["dimensions"]
    for key, lengths in (
        ("training.patch", settings["training"]["patch"]),
        ("ensemble.tile", settings["ensemble"]["tile"]),
    ):
        if isinstance(lengths, list) and len(lengths) != dimensions:
            raise InputError(
                f"{len(lengths)} lengths for data of {dimensions} dimensions",
                file=file,
                key=key,
                value=lengths,
                remedy=f"give {dimensions} lengths, in the order {'Z, Y, X' if dimensions == 3 else 'Y, X'}",
            )
    patch, rim, radius = (
        settings["training"]["patch"],
        settings["training"]["rim"],
        settings["architecture"]["max_radius"],
    )
    least = 2 * (radius if rim is None else min(rim, radius)) + 1
    if patch is not None and min(patch) < least:
        raise InputError(
            f"patches narrower than {least} px leave no pixel that counts between their rims",
            file=file,
            key="training.patch",
            value=patch,
            remedy="give larger patches, a smaller architecture.max_radius, or a training.rim of a few pixels",
        )
    multiple = alignment(settings["architecture"])
    if patch is not None and any(length % multiple for length in patch):
        raise InputError(
            f"{_why_multiples(settings['architecture'])}, so the lengths of a patch must be multiples of {multiple} px",
            file=file,
            key="training.patch",
            value=patch,
            remedy=f"for example {[length + -length % multiple for length in patch]}, or null",
        )


def _why_multiples(architecture: Settings) -> str:
    if architecture["family"] == UNET:
        return f"a U-Net of {architecture['unet']['levels']} levels halves a patch that often"
    return f"networks work on cells of {architecture['cell']} px (architecture.cell)"


def _check_regions(settings: Settings, file: str | Path) -> None:
    if settings["regions"]["layout"] is not None:
        check_layout(settings["regions"]["layout"], file)


def _check_architecture(settings: Settings, file: str | Path) -> None:
    if settings["architecture"]["family"] == UNET:
        check_reach(settings["architecture"], file)
        return
    bounds = settings["architecture"]["parameters"]
    if not isinstance(bounds, int) and bounds[0] > bounds[1]:
        raise InputError(
            "the least number of parameters exceeds the most",
            file=file,
            key="architecture.parameters",
            value=bounds,
            remedy="write [least, most]",
        )
    radius, dilations = settings["architecture"]["max_radius"], settings["architecture"]["dilations"]
    pointwise, cell = settings["architecture"]["pointwise_output"], settings["architecture"]["cell"]
    reach = reach_of_cells(min(dilations) * (1 if pointwise else 2), cell)
    if radius < reach:
        least = "one convolution" if pointwise else "two convolutions"
        raise InputError(
            f"every path has at least {least}, so even the smallest dilation {min(dilations)} reaches {reach} px",
            file=file,
            key="architecture.max_radius",
            value=radius,
            remedy="raise it or allow a smaller dilation" + (", or a smaller architecture.cell" if cell > 1 else ""),
        )


def _check_calibration(settings: Settings, file: str | Path) -> None:
    nominal, primary = settings["calibration"]["nominal"], settings["calibration"]["primary"]
    if primary not in nominal:
        raise InputError(
            "the primary coverage is none of the nominal ones",
            file=file,
            key="calibration.primary",
            value=primary,
            remedy=f"use one of {nominal}, or add it to calibration.nominal",
        )


def _check_drift(settings: Settings, file: str | Path) -> None:
    drift = settings["drift"]
    if (drift["draws"] + 1) * drift["level"] < 1:
        raise InputError(
            f"with so few draws no p-value is below {1 / (drift['draws'] + 1):.3g}, so no scan would ever reach "
            f"drift.level {drift['level']:g}",
            file=file,
            key="drift.draws",
            value=drift["draws"],
            remedy=f"give {math.ceil(1 / drift['level']) - 1} or more, better ten times as many",
        )


def _check_decisions(settings: Settings, file: str | Path) -> None:
    channels = settings["data"]["channels"]
    entries = settings["decisions"]["exceed"]
    for number, entry in enumerate(entries):
        if entry["channel"] not in channels:
            raise InputError(
                "no such channel",
                file=file,
                key=f"decisions.exceed.{number}.channel",
                value=entry["channel"],
                remedy=f"use one of {channels}, as in data.channels",
            )
    repeated = _repeated(entry["name"] for entry in entries)
    if repeated:
        raise InputError(
            "two decisions have the same name",
            file=file,
            key="decisions.exceed",
            value=repeated,
            remedy="give every decision a name of its own",
        )


def _repeated(names: Iterable[str]) -> Collection[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
