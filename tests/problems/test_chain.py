"""The chain: its constants, its oracle, and that no method is quicker than the lower bound."""

import itertools
import math

import numpy as np
import pytest
import torch

from explorer.noise._streams import Streams
from explorer.problems.chain import (
    GRADIENT_LIPSCHITZ,
    HESSIAN_LIPSCHITZ,
    LINK,
    RAMP,
    Chain,
    progress,
)
from explorer.registry import NORMS
from explorer.run.experiment import run
from explorer.run.spec import RunSpec
from explorer.theory.lower_bound import LowerBound

ONE = Chain(rows=1, columns=3, length=3)


def slopes(x):
    """The chain's own derivatives at ``[k, 3]``, without scales."""
    state = {"x": (x * ONE.link).unsqueeze(1)}
    return ONE.gradient(state)["x"].squeeze(1) / ONE.steepness


def hessians(x, step=1e-5):
    moves = step * torch.eye(3, dtype=torch.float64)
    columns = [(slopes(x + move) - slopes(x - move)) / (2 * step) for move in moves]
    return torch.stack(columns, -1)


def grid(count):
    axis = torch.linspace(-RAMP, 1 + RAMP, count, dtype=torch.float64)
    return torch.cartesian_prod(axis, axis, axis)


def test_the_gradients_lipschitz_constant_is_the_largest_sum_of_a_row():
    # the middle of three links depends on all that a link of a longer chain depends on
    hessian = hessians(grid(61))
    assert torch.linalg.matrix_norm(hessian, 2).max() <= GRADIENT_LIPSCHITZ
    rows = hessian[:, 1].abs().sum(-1)
    assert 0.99 * GRADIENT_LIPSCHITZ <= rows.max() <= GRADIENT_LIPSCHITZ
    top = hessians(torch.tensor([[0.5, 0.2321, 1.0679]], dtype=torch.float64))[0, 1].abs().sum()
    assert float(top) == pytest.approx(GRADIENT_LIPSCHITZ, rel=1e-4)


def test_the_hessians_lipschitz_constant_is_not_exceeded():
    x = grid(31)
    direction = torch.randn(x.shape, generator=torch.Generator().manual_seed(0)).double()
    direction /= direction.norm(dim=1, keepdim=True)
    step = 1e-3
    change = hessians(x + step * direction) - hessians(x - step * direction)
    assert torch.linalg.matrix_norm(change, 2).max() / (2 * step) <= HESSIAN_LIPSCHITZ


def test_a_link_gains_what_it_says():
    through = torch.full((1, 1, 3), ONE.link * (1 + RAMP), dtype=torch.float64)
    start = torch.zeros(1, 1, 3, dtype=torch.float64)
    gained = ONE.value({"x": start}) - ONE.value({"x": through})
    unit = ONE.steepness * ONE.link
    assert float(gained) == pytest.approx(unit * (3 * LINK - RAMP / 2), rel=1e-12)
    assert float(gained) == pytest.approx(ONE.gap, rel=1e-12)


def test_no_coordinate_shows_before_the_one_before_it_has_moved():
    x = torch.tensor([[0.0, 0.0, 0.0], [0.4, 0.0, 0.0], [1.1, 0.7, 0.0]], dtype=torch.float64)
    seen = slopes(x) != 0
    assert seen.tolist() == [[True, False, False], [True, True, False], [True, True, True]]
    assert progress(x).tolist() == [0, 1, 2]
    first_below_one = slopes(x).gather(1, torch.tensor([[0], [0], [1]]))
    assert (first_below_one <= -1 + 1e-12).all()


def test_while_no_row_is_through_the_gradient_is_as_long_as_at_the_start():
    toy = Chain(rows=3, columns=12, length=4, eps=0.2)
    x = torch.rand(500, 3, 12, generator=torch.Generator().manual_seed(1)).double() * toy.link
    for row, at in enumerate((3, 4 + 2, 8 + 3)):
        x[:, row, at] *= 0.99
    spectral = NORMS["spectral"]()
    assert (spectral.dual_norm(toy.gradient({"x": x})["x"]) >= 1.25 * 0.2 - 1e-12).all()
    start = toy.gradient({"x": torch.zeros(1, 3, 12).double()})["x"]
    assert float(spectral.dual_norm(start)) == pytest.approx(1.25 * 0.2)


@pytest.mark.parametrize("batch_size", [1, 5])
def test_the_oracle_is_unbiased_and_reveals_one_row_a_call_at_most(batch_size):
    toy = Chain(rows=3, columns=9, length=3, reveal=0.2)
    x = torch.zeros(1, 3, 9, dtype=torch.float64)
    x[0, 1, 3] = 0.7 * toy.link
    draws, exact = 40_000, toy.gradient({"x": x})["x"][0]
    many = {"x": x.expand(draws, -1, -1).clone()}
    sampled = toy.sample(many, batch_size, Streams(0, draws))["x"]
    upcoming = sampled[:, [0, 1, 2], [0, 4, 6]]
    if batch_size == 1:
        assert ((upcoming != 0).sum(1) <= 1).all()
        enlarged = exact[[0, 1, 2], [0, 4, 6]] / 0.2
        torch.testing.assert_close(upcoming, torch.where(upcoming != 0, enlarged, 0.0))
    error = sampled.std(0) / draws**0.5
    assert ((sampled.mean(0) - exact).abs() <= 4 * error + 1e-12).all()
    assert torch.equal(sampled[:, 1, 3], exact[1, 3].expand(draws)), "what was seen is exact"


@pytest.mark.parametrize("p", [1.3, 1.5, 2.0])
@pytest.mark.parametrize("name", NORMS)
def test_the_constant_of_the_oracle_is_not_exceeded(name, p):
    toy, norm = Chain(rows=3, columns=9, length=3, reveal=0.05, moment=p), NORMS[name]()
    constant, moment = toy.oracle_constant(norm)
    assert moment == p
    x = {"x": torch.zeros(3000, 3, 9, dtype=torch.float64)}
    exact, streams = toy.gradient(x)["x"], Streams(0, 3000)
    for weights in (np.ones(1), np.ones(32), 0.8 ** np.arange(20)):
        total = sum(w * (toy.sample(x, 1, streams)["x"] - exact) for w in weights)
        sizes = norm.dual_norm(total)
        allowed = constant * (weights**p).sum() ** (1 / p)
        assert sizes.mean() <= allowed + 4 * sizes.std() / len(sizes) ** 0.5


@pytest.mark.parametrize("name", ["rms_to_rms", "one_to_rms", "rms_to_inf", "sign_over_inputs"])
def test_a_scaled_norm_is_scaled_on_the_whole_matrix_not_on_a_row(name):
    toy, norm = Chain(rows=4, columns=16, length=4, reveal=0.05), NORMS[name]()
    s, inner = norm.factor((4, 16)), norm.inner
    assert toy.oracle_constant(norm)[0] == pytest.approx(toy.oracle_constant(inner)[0] / s)
    assert toy.smoothness(norm) == pytest.approx(toy.smoothness(inner) / s**2)
    wanted = toy.hessian_smoothness(inner) / s**3
    assert toy.hessian_smoothness(norm) == pytest.approx(wanted)


METHODS = [
    {"schedule": "anytime"},
    {"schedule": "horizon"},
    {"schedule": "horizon", "transport": True},
    {"schedule": "constant", "momentum": 0.9, "lr": 0.05},
    {"schedule": "constant", "momentum": 0.0, "lr": 0.3, "norm": "frobenius"},
    {"schedule": "constant", "lr": 5.0, "momentum": 0.0, "optimizer": "sgd"},
]


@pytest.mark.parametrize("method", METHODS, ids=lambda m: "-".join(map(str, m.values())))
@pytest.mark.parametrize(("rows", "length"), [(1, 4), (4, 4), (2, 8)])
def test_no_method_is_quicker_than_the_lower_bound(rows, length, method):
    problem = f"chain(length={length}, eps=0.1, reveal=0.05)"
    low = LowerBound(eps=0.1, gradient=0.125, length=length, reveal=0.05).calls()
    shape = {"rows": rows, "columns": rows * length}
    trace = run(RunSpec(problem=problem, **shape, horizon=low, seeds=32, **method, device="cpu"))
    spectral = np.array(trace.stationarity) if trace.spec.norm == "spectral" else None
    if spectral is None:  # its dual norm is larger than Frobenius' by at most the root of the rank
        spectral = trace.stationarity * math.sqrt(rows)
    weight = trace.column("weight")
    means = (weight[:, None] * spectral).sum(0) / weight.sum()
    assert means.mean() >= 0.1 - 3 * means.std(ddof=1) / len(means) ** 0.5


def test_a_run_on_the_chain_has_a_bound_and_says_what_its_noise_is():
    trace = run(RunSpec(problem="chain", horizon=2000, seeds=8, device="cpu"))
    assert trace.bound_unmet is None
    assert trace.running_mean[-1] <= trace.bound[-1]
    assert any("K = " in note and "an upper bound" in note for note in trace.notes)


def test_other_noise_is_refused():
    with pytest.raises(ValueError, match="noise must be 'none' for 'chain', got 'stable'"):
        RunSpec(problem="chain", noise="stable")


@pytest.mark.parametrize(
    "arguments",
    [{"columns": 15}, {"reveal": 0.3}, {"moment": 1.0}, {"eps": 0.0}, {"length": 0}],
    ids=str,
)
def test_what_makes_no_chain_is_refused(arguments):
    with pytest.raises(ValueError, match=f"^{next(iter(arguments))} must be"):
        Chain(**arguments)


def test_every_link_of_every_row_has_a_place_of_its_own():
    toy = Chain(rows=2, columns=7, length=3)
    x = torch.zeros(1, 2, 7)
    for row, link in itertools.product(range(2), range(3)):
        x[0, row, 3 * row + link] = 1 + 3 * row + link
    chains = toy._chains(x) * toy.link
    torch.testing.assert_close(chains, torch.tensor([[[1.0, 2, 3], [4, 5, 6]]]))
