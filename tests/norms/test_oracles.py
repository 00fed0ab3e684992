"""Whole runs of Scion beside implementations that others wrote."""

import pytest
import torch
from pytorch_optimizer import SCION
from pytorch_optimizer.optimizer.scion import LMONorm

from explorer.optim.scion import Scion

SHAPES = ((6, 10), (10, 6), (3, 17), (17, 3))
STEPS = 50
# Both work in float32 and round a momentum and an iterate of size 1 each step.
SINGLE = 1e-6
# torch's Muon orthogonalises in bfloat16 (8 bits) whatever the parameters are.
MUON = 1e-3

# Their balls are ours times a factor of the shape, here as our radius: SIGN divides by d_in, COL
# multiplies by sqrt(d_out), ROW divides by sqrt(d_in); `normalize(d)` switches a factor on or off.
# They add 1e-8 to each length, which lengths of three entries or more do not feel here.
SAME = {
    "sign": ("sign", LMONorm.SIGN, {"normalize": False}, lambda m, n: 1.0),
    "sign over inputs": ("sign", LMONorm.SIGN, {}, lambda m, n: 1 / n),
    "column": ("column", LMONorm.COL, {}, lambda m, n: m**0.5),
    "column over inputs": ("column", LMONorm.COL, {"normalized": True}, lambda m, n: m**0.5 / n),
    "row": ("row", LMONorm.ROW, {"normalized": False}, lambda m, n: 1.0),
    "row over inputs": ("row", LMONorm.ROW, {}, lambda m, n: n**-0.5),
}


def pair(shape):
    x = 0.1 * torch.randn(shape, generator=torch.Generator().manual_seed(1))
    return torch.nn.Parameter(x.clone()), torch.nn.Parameter(x.clone())


def run(optimizers, parameters, steps=STEPS):
    """Move each parameter along the gradients of a quadratic at its own place, in one noise."""
    generator = torch.Generator().manual_seed(0)
    for _ in range(steps):
        noise = torch.randn(parameters[0].shape, generator=generator)
        for optimizer, p in zip(optimizers, parameters, strict=True):
            p.grad = p.detach() + noise
            optimizer.step()


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("constrained", [False, True], ids=["free", "constrained"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", SAME)
def test_a_run_is_that_of_another_scion(name, shape, constrained, momentum):
    norm, kind, options, radius = SAME[name]
    ours, theirs = parameters = pair(shape)
    start = ours.detach().clone()
    optimizers = (
        Scion(
            [ours],
            norm=norm,
            lr=0.02,
            radius=3 * radius(*shape),
            momentum=momentum,
            constrained=constrained,
        ),
        SCION(
            [theirs],
            lr=0.02,
            momentum=1 - momentum,  # theirs is the weight of the new gradient
            norm_type=kind,
            norm_kwargs=options,
            scale=3.0,
            constraint=constrained,
        ),
    )
    run(optimizers, parameters)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=SINGLE)
    assert (ours - start).abs().max() > 1000 * SINGLE, "a run that stands still compares nothing"


@pytest.mark.parametrize("shape", [(8, 8), (16, 4), (4, 16), (32, 32)], ids=str)
def test_a_spectral_run_is_that_of_muon_with_enough_iterations(shape):
    ours, theirs = parameters = pair(shape)
    start = ours.detach().clone()
    optimizers = (
        # Muon multiplies its step by sqrt(max(1, d_out/d_in)), our radius
        Scion([ours], lr=0.01, radius=max(1, shape[0] / shape[1]) ** 0.5, momentum=0.9),
        torch.optim.Muon(
            [theirs],
            lr=0.01,
            momentum=0.9,
            nesterov=False,
            weight_decay=0.0,
            ns_coefficients=(1.875, -1.25, 0.375),  # converges, unlike the default's
            ns_steps=30,
        ),
    )
    run(optimizers, parameters)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=MUON)
    assert torch.linalg.matrix_norm(ours - start, 2) > 20 * MUON
