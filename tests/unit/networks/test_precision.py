"""Precision: what ``auto`` means, and that weights stay float32 whatever the products are."""

from __future__ import annotations

import pytest
import torch

from noisebound.core.errors import InputError
from noisebound.networks.precision import mixed_precision, resolve_precision

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("device", [CPU, GPU])
def test_what_is_asked_for_is_used(precision: str, device: torch.device) -> None:
    assert resolve_precision(precision, device) == precision


@pytest.mark.parametrize(("supported", "expected"), [(True, "bfloat16"), (False, "float32")])
def test_auto_is_bfloat16_on_gpus_that_have_it_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, supported: bool, expected: str
) -> None:
    def is_supported(including_emulation: bool = True) -> bool:
        return supported or including_emulation  # emulated, it would be slower than float32

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", is_supported)
    assert resolve_precision("auto", GPU) == expected
    assert resolve_precision("auto", CPU) == "float32"


@pytest.mark.parametrize("precision", ["float16", "", "AUTO"])
def test_other_names_are_refused(precision: str) -> None:
    with pytest.raises(InputError, match=r"'training\.precision'.*Remedy: give auto, float32 or bfloat16"):
        resolve_precision(precision, CPU)


def test_products_are_of_bfloat16_numbers_and_gradients_reach_float32_weights() -> None:
    image, layer = torch.randn(1, 2, 5, 5, generator=torch.Generator().manual_seed(1)), torch.nn.Conv2d(2, 3, 3)
    plain = layer(image)
    with mixed_precision("bfloat16", CPU):
        rounded = layer(image)
    with mixed_precision("auto", CPU):
        assert torch.equal(layer(image), plain)
    assert rounded.dtype == torch.bfloat16 and not torch.equal(rounded.float(), plain)
    torch.testing.assert_close(rounded.float(), plain, rtol=0.05, atol=0.05)
    (gradient,) = torch.autograd.grad(rounded.float().sum(), [layer.weight])
    assert gradient.dtype == layer.weight.dtype == torch.float32
