"""The fast executions equal the plain network, in values and in gradients, on random graphs of both dimensions."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.architecture.random_graph import Edge
from noisebound.networks import engine as execution
from noisebound.networks import gpu_engine
from noisebound.networks.graph_network import MemberNetwork
from tests.unit.learning_files import draw_small, give_weights

graphs = {
    "seed": st.integers(0, 10**6),
    "depth": st.integers(1, 6),
    "dilations": st.sampled_from([[1], [1, 2], [1, 3, 5], [2, 4]]),
    "direct": st.booleans(),
}


def make_network(dimensions: int, seed: int, depth: int, dilations: list[int], direct: bool) -> MemberNetwork:
    graph = draw_small(
        dimensions=dimensions,
        image_channels=2,
        seed=seed,
        depth=depth,
        dilations=dilations,
        input_to_output=direct,
        pointwise_output=bool(seed % 2),
        max_radius=40,
    )
    return give_weights(MemberNetwork(graph), seed)


def close(actual: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(actual, expected, rtol=1e-5, atol=1e-5 * float(expected.abs().max()))


def compare(network: MemberNetwork, image: torch.Tensor) -> None:
    with torch.no_grad():
        expected = (network.encode(image), *network(image))
        for engine in (execution, gpu_engine):
            latent, quantiles = engine.predict(network, image)
            for fast, plain in zip((latent, *quantiles), expected, strict=True):
                close(fast, plain)
            lower, median, upper = quantiles
            assert (lower <= median).all() and (median <= upper).all()


@settings(max_examples=40, deadline=None)
@given(**graphs, height=st.integers(1, 20), width=st.integers(1, 20), batch=st.integers(1, 3))
def test_images(seed: int, depth: int, dilations: list[int], direct: bool, height: int, width: int, batch: int) -> None:
    network = make_network(2, seed, depth, dilations, direct)
    compare(network, torch.randn((batch, 2, height, width), generator=torch.Generator().manual_seed(seed)))


@settings(max_examples=40, deadline=None)
@given(**graphs, shape=st.tuples(st.integers(1, 7), st.integers(1, 9), st.integers(1, 9)), batch=st.integers(1, 3))
def test_volumes_also_with_fewer_slices_than_a_dilation(
    seed: int, depth: int, dilations: list[int], direct: bool, shape: tuple[int, ...], batch: int
) -> None:
    network = make_network(3, seed, depth, dilations, direct)
    compare(network, torch.randn((batch, 2, *shape), generator=torch.Generator().manual_seed(seed)))


SHAPES = [((9, 11), 1), ((12, 7), 2), ((70, 90), 5), ((2, 7, 8), 3), ((6, 5, 9), 4), ((14, 20, 22), 6)]


def gradients_of(
    network: MemberNetwork, quantiles: tuple[torch.Tensor, ...], inputs: list[torch.Tensor], seed: int
) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    weights = [torch.randn(q.shape, generator=generator, dtype=torch.float64).to(q.dtype) for q in quantiles]
    total = torch.stack([(w * q).sum() for w, q in zip(weights, quantiles, strict=True)]).sum()
    return list(torch.autograd.grad(total, [*inputs, *network.parameters()]))


@pytest.mark.parametrize(("shape", "seed"), SHAPES)
def test_merged_gradients_agree_for_every_parameter_and_for_the_input(shape: tuple[int, ...], seed: int) -> None:
    network = make_network(len(shape), seed, 4, [1, 3], True).double()
    image = torch.randn((2, 2, *shape), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    image.requires_grad_()
    fast = gradients_of(network, gpu_engine.predict(network, image)[1], [image], seed)
    plain = gradients_of(network, network(image), [image], seed)
    for actual, expected in zip(fast, plain, strict=True):
        torch.testing.assert_close(actual, expected, rtol=1e-9, atol=1e-9 * float(expected.abs().max()))


@pytest.mark.parametrize(("shape", "seed"), SHAPES)
def test_gradients_of_the_loops_agree_with_double_precision_as_well_as_those_of_torch(
    shape: tuple[int, ...], seed: int
) -> None:
    network = make_network(len(shape), seed, 4, [1, 3], True)
    image = torch.randn((2, 2, *shape), generator=torch.Generator().manual_seed(seed))
    fast = gradients_of(network, execution.quantiles(network, image), [], seed)
    plain = gradients_of(network, network(image), [], seed)
    network.double()
    exact = gradients_of(network, network(image.double()), [], seed)
    for actual, torch_own, expected in zip(fast, plain, exact, strict=True):
        error, usual = ((g.double() - expected).norm() / expected.norm() for g in (actual, torch_own))
        assert error < max(1e-5, 3 * usual)


def test_a_second_step_before_the_first_one_s_gradients_disturbs_neither() -> None:
    network = make_network(2, 7, 4, [1, 2], True)
    images = [torch.randn((2, 2, 16, 18), generator=torch.Generator().manual_seed(k)) for k in (1, 2)]
    alone = [gradients_of(network, execution.quantiles(network, image), [], 1) for image in images]
    both = [execution.quantiles(network, image) for image in images]
    for quantiles, expected in zip(both, alone, strict=True):
        for actual, wanted in zip(gradients_of(network, quantiles, [], 1), expected, strict=True):
            torch.testing.assert_close(actual, wanted, rtol=0, atol=0)


def test_images_that_need_a_gradient_get_one() -> None:
    network = make_network(2, 7, 3, [1, 2], True)
    image = torch.randn((1, 2, 9, 9), generator=torch.Generator().manual_seed(1), requires_grad=True)
    fast = gradients_of(network, execution.quantiles(network, image), [image], 1)[0]
    torch.testing.assert_close(fast, gradients_of(network, network(image), [image], 1)[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(13, 12), (6, 9, 8)])
def test_the_rest_of_the_batch_changes_nothing(shape: tuple[int, ...]) -> None:
    network = make_network(len(shape), 5, 5, [1, 2], False)
    batch = torch.randn((3, 2, *shape), generator=torch.Generator().manual_seed(1))
    spoilt = batch.clone()
    spoilt[0] = torch.nan
    with torch.no_grad():
        before, after = execution.predict(network, batch), execution.predict(network, spoilt)
    for clean, dirty in zip((before[0], *before[1]), (after[0], *after[1]), strict=True):
        assert dirty[0].isnan().all()
        torch.testing.assert_close(dirty[1:], clean[1:], rtol=0, atol=0)


def test_bundles_hold_every_edge_once_and_only_what_one_convolution_can_do() -> None:
    edges = draw_small(depth=6, seed=3, max_radius=20).edges
    bundles = gpu_engine.bundle_edges(edges)
    assert sorted((e for bundle in bundles for e in bundle), key=repr) == sorted(edges, key=repr)
    assert all(len({(e.source, e.dilation) for e in bundle}) == 1 for bundle in bundles)
    assert [bundle[0].source for bundle in bundles] == sorted(bundle[0].source for bundle in bundles)
    same = (Edge(0, 1, 2, 4), Edge(0, 2, 2, 3), Edge(0, 3, 1, 3))
    assert len(gpu_engine.bundle_edges(same)) == 2


def test_outputs_of_a_training_step_stay_when_its_buffer_is_used_again() -> None:
    network = make_network(2, 7, 4, [1, 2], True)
    first, second = (torch.randn((1, 2, 16, 18), generator=torch.Generator().manual_seed(k)) for k in (1, 2))
    quantiles = execution.quantiles(network, first)
    before = [quantile.detach().clone() for quantile in quantiles]
    total = torch.stack([quantile.sum() for quantile in quantiles]).sum()
    total.backward(retain_graph=True)
    execution.predict(network, second)
    for now, then in zip(quantiles, before, strict=True):
        torch.testing.assert_close(now.detach(), then, rtol=0, atol=0)
    with pytest.raises(RuntimeError, match="once"):
        total.backward()


TORN = """
import os, sys

cache, torn = os.environ["NUMBA_CACHE_DIR"], []


def tear(event, arguments):
    if event == "open" and str(arguments[0]).startswith(cache) and not os.path.exists(arguments[0]) and not torn:
        torn.append(arguments[0])
        with open(arguments[0], "wb") as stream:
            stream.write(b"torn")


import torch
from noisebound.networks import engine as execution
from noisebound.networks.graph_network import MemberNetwork
from tests.unit.learning_files import draw_small

network = MemberNetwork(draw_small())
image = torch.randn(1, 1, 12, 12)
sys.addaudithook(tear)
latent, quantiles = execution.predict(network, image)
torch.testing.assert_close(latent, network.encode(image), rtol=1e-4, atol=1e-5)
print(*torn)
"""


def test_a_torn_file_of_machine_code_costs_time_not_the_job(tmp_path: Path) -> None:
    """The file is torn just before it is read, so that the loops are compiled once only."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "OMP_NUM_THREADS": "1"}
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", TORN], cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert str(tmp_path) in done.stdout and done.stdout.strip() in done.stderr
