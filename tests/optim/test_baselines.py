"""The baselines are torch's own, step for step and to the bit."""

import pytest
import torch
from torch import nn

from explorer.optim.adamw import AdamW
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
