"""The baselines are torch's own, step for step and to the bit."""

import math

import pytest
import torch
from torch import nn

from explorer import RunSpec, run
from explorer.optim.adamw import AdamW
from explorer.optim.clipped_sgd import ClippedSgd
from explorer.optim.normalized_sgd import NormalizedSgd
from explorer.optim.scion import Scion
from explorer.optim.sgd import Sgd

PAIRS = {
    "sgd": (
        lambda p: Sgd(p, lr=0.1, momentum=0.9),
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    ),
    "sgd without momentum": (lambda p: Sgd(p, lr=0.1), lambda p: torch.optim.SGD(p, lr=0.1)),
    "adamw": (
        lambda p: AdamW(p, lr=0.1, momentum=0.8, weight_decay=0.1),
        lambda p: torch.optim.AdamW(p, lr=0.1, betas=(0.8, 0.999), weight_decay=0.1),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_baseline_steps_like_torchs_own_to_the_bit(name):
    ends = []
    for make in PAIRS[name]:
        generator = torch.Generator().manual_seed(0)
        p = nn.Parameter(torch.randn(5, 3, 7, generator=generator))
        optimizer = make([p])
        for _ in range(10):
            p.grad = p.detach().tanh() + torch.randn(p.shape, generator=generator)
            optimizer.step()
        ends.append(p.detach().clone())
    assert torch.equal(*ends)


@pytest.mark.parametrize(("cls", "lr"), [(Sgd, -0.1), (AdamW, -0.1)])
def test_a_baseline_refuses_a_negative_step(cls, lr):
    with pytest.raises(ValueError, match=r"-0\.1"):
        cls([nn.Parameter(torch.zeros(1))], lr=lr)


def gradients(shape, seed=0):
    """A few gradients of very different lengths."""
    generator = torch.Generator().manual_seed(seed)
    return [10.0**k * torch.randn(shape, generator=generator) for k in (-2, 0, 1, -1)]


@pytest.mark.parametrize("threshold", [0.3, 3.0, 1e6])
def test_clipped_descent_is_torchs_clipping_and_descent_over_all_parameters(threshold):
    a, b = nn.Parameter(torch.zeros(3, 4)), nn.Parameter(torch.zeros(5))
    c, d = nn.Parameter(torch.zeros(3, 4)), nn.Parameter(torch.zeros(5))
    clipped = ClippedSgd([a, b], lr=0.1, momentum=0.5, threshold=threshold)
    plain = torch.optim.SGD([c, d], lr=0.1, momentum=0.5)
    for wide, narrow in zip(gradients((3, 4)), gradients(5, seed=1), strict=True):
        a.grad, b.grad = wide.clone(), narrow.clone()
        c.grad, d.grad = wide.clone(), narrow.clone()
        clipped.step()
        nn.utils.clip_grad_norm_([c, d], threshold)
        plain.step()
    assert torch.allclose(a, c, rtol=1e-4)  # torch adds 1e-6 to the length
    assert torch.allclose(b, d, rtol=1e-4)


@pytest.mark.parametrize("momentum", [0.0, 0.7])
def test_normalised_descent_is_scion_in_frobenius_norm(momentum):
    ours, scions = nn.Parameter(torch.zeros(4, 3, 5)), nn.Parameter(torch.zeros(4, 3, 5))
    groups = [{"params": [ours], "stacked": True}]
    normalized = NormalizedSgd(groups, lr=0.1, momentum=momentum)
    scion = Scion([scions], norm="frobenius", lr=0.1, momentum=momentum, stacked=True)
    for g in gradients((4, 3, 5)):
        g[2] = 0  # a replica without a gradient stays where it is
        ours.grad, scions.grad = g.clone(), g.clone()
        normalized.step()
        scion.step()
    assert torch.allclose(ours, scions, rtol=1e-5)
    assert not ours[2].any()
    assert ours[1].any()


@pytest.mark.parametrize("make", [ClippedSgd, NormalizedSgd])
def test_each_replica_is_shortened_by_itself(make):
    stack = gradients((3, 2, 2))
    together = nn.Parameter(torch.zeros(3, 2, 2))
    optimizer = make([{"params": [together], "stacked": True}], lr=0.1)
    alone = [nn.Parameter(torch.zeros(2, 2)) for _ in range(3)]
    singles = [make([p], lr=0.1) for p in alone]
    for g in stack:
        together.grad = g.clone()
        optimizer.step()
        for p, one, mine in zip(alone, singles, g, strict=True):
            p.grad = mine.clone()
            one.step()
    assert torch.allclose(together, torch.stack([p.detach() for p in alone]), rtol=1e-6)


def test_huge_and_tiny_gradients_keep_their_direction():
    for size in (1e-40, 1e-30, 1e30):  # one over the length of the first is no float32
        p = nn.Parameter(torch.zeros(2))
        p.grad = torch.tensor([3.0, 4.0]) * size
        NormalizedSgd([p], lr=1.0).step()
        assert torch.allclose(p, torch.tensor([-0.6, -0.8]), rtol=1e-4)


@pytest.mark.parametrize(
    ("make", "options", "error", "words"),
    [
        (ClippedSgd, {"threshold": 0.0}, ValueError, "threshold must be positive"),
        (ClippedSgd, {"threshold": "low"}, TypeError, "threshold must be a number, got 'low'"),
        (NormalizedSgd, {"momentum": 1.0}, ValueError, r"momentum must lie in \[0, 1\), got 1.0"),
        (NormalizedSgd, {"lr": 0.0}, ValueError, "lr must be positive and finite, got 0.0; try"),
        (NormalizedSgd, {"lr": "1"}, TypeError, "lr must be a number, got '1'; try lr=0.01"),
        (ClippedSgd, {"lr": 0.0}, ValueError, "lr must be positive and finite, got 0.0"),
        (ClippedSgd, {"threshold": math.inf}, ValueError, "for no clipping choose optimizer 'sgd'"),
    ],
)
def test_a_bad_option_is_refused(make, options, error, words):
    with pytest.raises(error, match=words):
        make([nn.Parameter(torch.zeros(1))], **({"lr": 0.1} | options))


@pytest.mark.parametrize("make", [ClippedSgd, NormalizedSgd])
def test_replicas_beside_what_is_none_are_refused(make):
    kinds = [{"params": [nn.Parameter(torch.ones(2, 2))], "stacked": s} for s in (True, False)]
    optimizer = make(kinds, lr=0.1)
    for group in optimizer.param_groups:
        group["params"][0].grad = torch.ones(2, 2)
    with pytest.raises(ValueError, match="all be stacked or none"):
        optimizer.step()


@pytest.mark.parametrize("make", [ClippedSgd, NormalizedSgd])
def test_a_closure_is_called_with_gradients_on(make):
    p = nn.Parameter(torch.ones(2))
    optimizer = make([p], lr=0.5)

    def closure():
        optimizer.zero_grad()
        loss = p.square().sum()
        loss.backward()
        return loss

    assert optimizer.step(closure) == 2
    assert float(p.detach().sum()) < 2


@pytest.mark.parametrize("optimizer", ["clipped_sgd(threshold=0.5)", "normalized_sgd"])
def test_a_baseline_runs_and_no_bound_is_drawn(optimizer):
    spec = RunSpec(
        optimizer=optimizer, schedule="constant", lr=0.02, horizon=300, seeds=3, device="cpu"
    )
    trace = run(spec)
    assert "does not take" in trace.bound_unmet
    assert trace.mean[-1] < trace.mean[0]
    alone = run(spec.replace(seeds=1))
    assert (alone.stationarity[:, 0] == trace.stationarity[:, 0]).all()
