"""What tokens are worth: the agreement of two independent frames in worlds of noise and of known phases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.stats import spearmanr
from sklearn.metrics import adjusted_rand_score

from noisebound.ensemble.frame_pairs import draw_noise
from noisebound.ensemble.frame_windows import divide_counts
from noisebound.latent.basis import fit_basis
from noisebound.latent.frames import HELD_OUT, REPEATS, THINNED, FramePairs
from noisebound.report.stability import frame_words
from noisebound.structure.clustering import agreement_over_halves, agreement_over_seeds, fit_centres, standardise
from noisebound.structure.stability import frame_rows

from .promise import Promise, interval_of_mean, share_at_least

TITLE = "Tokens: agreement of two independent frames"

# Train and held-out fields side by side, and the columns between them, which belong to neither (px).
SIDE, GUARD = 80, 16
HELD = SIDE + GUARD
MEMBERS, LATENTS, COMPONENTS = 4, 12, 8
# Pixels that clusters are fitted on.
FITTED = 2500
# Counts of three phases in three channels at contrast 1; contrast scales their distance from the mean.
RATES = np.array([[3.0, 3.6, 4.6], [2.5, 3.4, 3.4], [0.5, 0.6, 0.9]])
CONTRASTS = (0.5, 1.0, 2.0)
# Agreement that noise must not exceed.
NOISE = 0.05
# Fields per clustering where error bars are tried: the mean over them stands for the truth.
FIELDS = 40

Images = NDArray[np.float32]


@cache
def member(m: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights (L, 9) and biases (L, 1) of a member: random features of what a small denoiser sees."""
    random = np.random.default_rng([77, m])
    return random.standard_normal((LATENTS, 9)) / 3, random.standard_normal((LATENTS, 1)) * 0.5


def features(counts: Images) -> Images:
    """Anscombe values (C, Y, X), smoothed at three scales: (9, Y, X)."""
    root = 2 * np.sqrt(np.asarray(counts, np.float32) + np.float32(0.375))
    return np.concatenate([gaussian_filter(root, (0, scale, scale), truncate=3) for scale in (1, 2, 4)])


@dataclass(frozen=True)
class Field:
    """A train and a held-out field of one sample: phases and expected counts."""

    phases: NDArray[np.intp]
    rates: NDArray[np.float64]

    @classmethod
    def draw(cls, contrast: float, random: np.random.Generator) -> Field:
        """Phases in blobs of about 20 px; with contrast 0, one material."""
        shape = (SIDE, 2 * SIDE + GUARD)
        rough = [gaussian_filter(random.standard_normal(shape), 8, mode="wrap") for _ in range(2)]
        bright, middle = (image > np.quantile(image, 0.6) for image in rough)
        phases = np.where(bright, 2, np.where(middle, 1, 0))
        mean = RATES.mean(axis=1, keepdims=True)
        return cls(phases, (mean + contrast * (RATES - mean))[:, phases])

    def frame(self, random: np.random.Generator) -> Images:
        """One noisy frame (C, Y, X)."""
        return random.poisson(self.rates).astype(np.float32)


class Fitted:
    """Basis, clusters of latents, of denoised values and of noise, fitted on the train field of one frame."""

    def __init__(self, frame: Images, tokens: int, random: np.random.Generator) -> None:
        self.tokens = tokens
        train = (slice(None), slice(None), slice(0, SIDE))
        seen = features(frame)[train].reshape(9, -1)
        self.mean, self.sd = seen.mean(axis=1, keepdims=True), seen.std(axis=1, keepdims=True)
        chosen = np.sort(random.choice(SIDE * SIDE, FITTED, replace=False))
        self.blocks = np.column_stack([np.zeros(FITTED), chosen // SIDE // 16, chosen % SIDE // 16]).astype(int)
        self.pool = frame[train].reshape(len(frame), -1)
        noise = draw_noise(self.pool, (SIDE, SIDE), random)
        sizes = [LATENTS] * MEMBERS
        latents, null = (
            self.latents(features(image))[:, :, :SIDE].reshape(MEMBERS * LATENTS, -1)[:, chosen].T
            for image in (frame, noise)
        )
        self.basis, self.null_basis = fit_basis(latents, sizes, COMPONENTS), fit_basis(null, sizes, COMPONENTS)
        self.scores = self.basis.project(latents.T).T
        self.null = self.null_basis.project(null.T).T
        self.medians = denoised(frame)[train].reshape(len(frame), -1)[:, chosen].T
        self.seed = np.random.SeedSequence(int(random.integers(2**31)))
        self.centres = fit_centres(self.scores, tokens, self.seed)
        self.baseline = fit_centres(standardise(self.medians), tokens, self.seed)

    def latents(self, seen: Images) -> Images:
        """Latents (D, Y, X) of all members."""
        flat = (seen.reshape(9, -1) - self.mean) / self.sd
        found = np.concatenate([np.tanh(weights @ flat + biases) for weights, biases in map(member, range(MEMBERS))])
        return found.reshape(-1, *seen.shape[1:]).astype(np.float32)

    def pairs(self, one: Images, other: Images, source: str, random: np.random.Generator) -> FramePairs:
        """What the members say of two frames at the held-out pixels, every second along each axis."""
        held = (slice(None), slice(0, None, 2), slice(HELD, None, 2))
        noise = [draw_noise(self.pool, (SIDE, SIDE), random) for _ in range(2)]
        scores, null = (
            np.stack([basis.project(self.latents(features(image))[part]).reshape(COMPONENTS, -1).T for image in images])
            for basis, images, part in (
                (self.basis, (one, other), held),
                (self.null_basis, noise, (slice(None), slice(0, None, 2), slice(0, None, 2))),
            )
        )
        medians = np.stack([denoised(image)[held].reshape(len(image), -1).T for image in (one, other)])
        places = np.stack(np.unravel_index(np.arange(SIDE * SIDE // 4), (SIDE // 2,) * 2), axis=1) * 2
        return FramePairs(
            source,
            HELD_OUT,
            scores.astype(np.float16),
            medians.astype(np.float32),
            null.astype(np.float16),
            self.null.astype(np.float16),
            places.astype(np.int64),
            np.zeros(len(places), np.int64),
            ("s",),
        )

    def judge(self, pairs: FramePairs) -> tuple[float, str]:
        """Agreement of the two frames, and what the page says of it."""
        rows = frame_rows(pairs, self.medians, self.centres, self.baseline, self.seed)
        return rows[0].latents, " ".join(frame_words({row.comparison: row._asdict() for row in rows}))


def denoised(frame: Images) -> Images:
    """What stands for the denoised image, (C, Y, X)."""
    return gaussian_filter(frame, (0, 3, 3), truncate=3)


def calls_noise(words: str) -> bool:
    """Whether the page says that the tokens follow the noise."""
    return "follow the noise" in words


@dataclass(frozen=True)
class Outcome:
    """One data set: agreement of two frames, of two halves of a frame, with the true phases, and the page's words."""

    frames: float
    halves: float
    truth: float
    words: str
    words_of_halves: str


def data_set(contrast: float, tokens: int, random: np.random.Generator) -> tuple[Outcome, Fitted]:
    """Simulate two frames of a field; fit on one, compare both."""
    field = Field.draw(contrast, random)
    one, other = field.frame(random), field.frame(random)
    fitted = Fitted(one, tokens, random)
    pairs = fitted.pairs(one, other, REPEATS, random)
    frames, words = fitted.judge(pairs)
    halves, words_of_halves = fitted.judge(
        replace(fitted.pairs(*divide_counts(one, random), THINNED, random), null=pairs.null)
    )
    labels = ((pairs.scores[0, :, None].astype(float) - fitted.centres) ** 2).sum(axis=2).argmin(axis=1)
    truth = adjusted_rand_score(field.phases[::2, HELD::2].ravel(), labels)
    return Outcome(frames, halves, truth, words, words_of_halves), fitted


def promises(data_sets: int, seed: int) -> Iterator[Promise]:
    """Simulate ``data_sets`` data sets per world, and give one promise after the other."""
    yield from _of_noise(data_sets, seed)
    yield from _of_phases(data_sets, seed)
    yield from _of_error_bars(data_sets, seed)


def _of_noise(data_sets: int, seed: int) -> Iterator[Promise]:
    """One material: whatever the tokens show is noise."""
    for tokens in (3, 4):
        world = f"one material, {tokens} tokens"
        found, old = [], []
        for number in range(data_sets):
            outcome, fitted = data_set(0.0, tokens, np.random.default_rng([seed, 0, tokens, number]))
            found.append(outcome)
            if number < 10:
                halves, seeds = np.random.SeedSequence(1).spawn(2)
                old.append(
                    (
                        agreement_over_seeds(fitted.scores, tokens, 3, seeds),
                        agreement_over_halves(fitted.scores, fitted.blocks, tokens, 3, halves),
                    )
                )
        beside = "k-means restarted agrees to {:.2f}, halves of the sample to {:.2f}".format(*np.mean(old, axis=0))
        yield share_at_least(
            "two frames agree to no more than 0.05", world, [abs(one.frames) <= NOISE for one in found], 0.95, beside
        )
        yield share_at_least(
            "two halves of the counts agree to no more than 0.05",
            world,
            [abs(one.halves) <= NOISE for one in found],
            0.95,
        )
        yield share_at_least(
            "the page says that tokens follow the noise",
            world,
            [calls_noise(one.words) and calls_noise(one.words_of_halves) for one in found],
            0.95,
        )


def _of_phases(data_sets: int, seed: int) -> Iterator[Promise]:
    """Three phases that are known."""
    agreed, true = [], []
    for contrast in CONTRASTS:
        world = f"three phases, contrast {contrast:g}"
        found = [
            data_set(contrast, 3, np.random.default_rng([seed, 1, round(10 * contrast), number]))[0]
            for number in range(data_sets)
        ]
        frames, halves, truth = (
            np.array([getattr(one, key) for one in found]) for key in ("frames", "halves", "truth")
        )
        agreed.append(frames)
        true.append(truth)
        beside = f"frames agree to {frames.mean():.2f}, with the true phases to {truth.mean():.2f}"
        if contrast >= 1:
            yield share_at_least(
                "the page does not say that tokens follow the noise",
                world,
                [not calls_noise(one.words) for one in found],
                0.95,
                beside,
            )
        else:
            beside += f"; called noise in {np.mean([calls_noise(one.words) for one in found]):.0%}"
        less = halves - frames
        low, high = interval_of_mean(less)
        beside += f"; halves agree to {halves.mean():.2f}, less than frames in {np.mean(less < 0):.0%} of data sets"
        yield Promise(
            "two halves of the counts agree less than two frames: mean difference",
            world,
            "below 0",
            float(less.mean()),
            low,
            high,
            bool(high < 0),
            less.size,
            beside,
        )
    one, other = np.concatenate(agreed), np.concatenate(true)
    correlation = float(spearmanr(one, other).statistic)
    reach = 1.96 / np.sqrt(max(1, one.size - 3))
    low, high = (float(np.tanh(np.arctanh(correlation) + sign * reach)) for sign in (-1, 1))
    yield Promise(
        "rank correlation of the agreement of frames with that with the true phases",
        "three phases, contrast 0.5 to 2",
        "at least 0.8",
        correlation,
        low,
        high,
        correlation >= 0.8,
        one.size,
    )


def _of_error_bars(data_sets: int, seed: int) -> Iterator[Promise]:
    """The interval of the difference from k-means on the denoised image, for clusters that stay as they are."""
    hits, widths, errors = [], [], []
    for group in range(-(-data_sets // FIELDS)):
        random = np.random.default_rng([seed, 2, group])
        fitted = Fitted(Field.draw(1.0, random).frame(random), 3, random)
        ends = []
        for _ in range(min(FIELDS, max(10, data_sets))):
            field = Field.draw(1.0, random)
            pairs = fitted.pairs(field.frame(random), field.frame(random), REPEATS, random)
            row = frame_rows(pairs, fitted.medians, fitted.centres, fitted.baseline, fitted.seed)[0]
            ends.append((row.difference, row.low, row.high))
        difference, low, high = np.array(ends).T
        truth = difference.mean()
        hits += list((low <= truth) & (truth <= high))
        widths += list((high - low) / 2)
        errors += list(difference - truth)
    beside = f"half width {np.mean(widths):.3f}, standard error {np.std(errors):.3f}"
    yield share_at_least(
        "95 % interval of the difference from k-means on the denoised image holds", "three phases, contrast 1", hits,
        0.92, beside,
    )  # fmt: skip
