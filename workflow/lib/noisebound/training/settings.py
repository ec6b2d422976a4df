"""What training needs of the configuration: the section ``training``, and the transforms of the section ``data``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class TrainingSettings:
    """The keys of the section ``training`` that shape a network.

    Parameters
    ----------
    levels
        Levels of the lower and the upper quantile.
    steps
        Number of optimiser steps.
    batch
        Patches per step.
    patch
        Lengths of a patch (px), one per axis.
    rim
        Width (px) of the rim of a patch whose pixels do not count; None for the receptive radius.
    learning_rate
        Largest rate of AdamW.
    kernel_rate
        Rate of the convolution kernels, as a multiple of ``learning_rate``.
    weight_decay
        Share by which weights shrink per step, for a rate of one.
    clip
        Largest norm of the gradient.
    averaging
        Share of the averaged weights that a step keeps.
    precision
        ``auto``, ``float32`` or ``bfloat16``.
    select_every
        Steps between two measurements of the select loss.
    patience
        Measurements without an improvement after which training stops.
    """

    levels: Sequence[float]
    steps: int
    batch: int
    patch: Sequence[int]
    rim: int | None
    learning_rate: float
    kernel_rate: float
    weight_decay: float
    clip: float
    averaging: float
    precision: str
    select_every: int
    patience: int

    @classmethod
    def of(cls, section: Mapping[str, Any]) -> TrainingSettings:
        """Pick the keys from the section ``training``.

        Parameters
        ----------
        section
            Keys and values; further keys are ignored.

        Returns
        -------
        TrainingSettings
            The keys that shape a network.

        Raises
        ------
        KeyError
            Where one of them is missing.
        """
        return cls(**{field.name: section[field.name] for field in fields(cls)})


@dataclass(frozen=True)
class DataSettings:
    """What training needs of the section ``data``.

    Parameters
    ----------
    input_transform, target_transform
        Names of the variance-stabilising transforms of noisy frames and of targets (see ``core.variance``).
    counts
        Whether intensities are counts.
    """

    input_transform: str
    target_transform: str
    counts: bool

    @property
    def transforms(self) -> tuple[str, str]:
        """Transforms of input and target."""
        return self.input_transform, self.target_transform
