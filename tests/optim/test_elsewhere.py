"""Scion in a training loop of one's own: scheduler, clipping, mixed precision, a checkpoint."""

import io

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from explorer.norms._geometry import Geometry
from explorer.optim.scion import Scion

STEPS, CUT = 60, 23


class Model(nn.Module):
    """A table of vectors, a convolution, a normalisation and a linear layer: what people have."""

    def __init__(self):
        super().__init__()
        self.symbols = nn.Embedding(12, 8)
        self.mix = nn.Conv1d(8, 16, 3, padding=1)
        self.norm = nn.LayerNorm(16)
        self.head = nn.Linear(16, 12)

    def forward(self, symbols):
        x = self.mix(self.symbols(symbols).transpose(1, 2)).relu().transpose(1, 2)
        return self.head(self.norm(x))


def made(seed=0):
    torch.manual_seed(seed)
    model = Model()
    groups = Geometry.for_model(model, "scion").param_groups(model)
    optimizer = Scion(groups, lr=0.02, momentum=0.9, transport=0.5, max_extrapolation=0.3)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.1, total_iters=STEPS)
    return model, optimizer, schedule


def train(model, optimizer, schedule, steps, *, mixed=False, device="cpu"):
    """Learn that each symbol follows its neighbour; return the losses."""
    losses = []
    for t in steps:
        generator = torch.Generator().manual_seed(t)
        symbols = torch.randint(12, (16, 10), generator=generator).to(device)
        with torch.autocast(device, dtype=torch.bfloat16, enabled=mixed):
            loss = cross_entropy(model(symbols).flatten(0, 1).float(), (symbols + 1).flatten() % 12)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("mixed", [False, True], ids=["single", "mixed"])
def test_a_model_of_one_s_own_learns(mixed):
    model, optimizer, schedule = made()
    losses = train(model, optimizer, schedule, range(STEPS), mixed=mixed)
    assert losses[-1] < losses[0] / 4
    assert all(p.dtype == torch.float32 for p in model.parameters())
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.002)


@pytest.mark.gpu
def test_a_model_of_one_s_own_learns_on_a_gpu_in_mixed_precision():
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    model, optimizer, schedule = made()
    model.to("cuda")
    losses = train(model, optimizer, schedule, range(STEPS), mixed=True, device="cuda")
    assert losses[-1] < losses[0] / 4


def test_a_checkpoint_goes_on_to_the_bit():
    whole = made()
    losses = train(*whole, range(STEPS))

    first = made()
    train(*first, range(CUT))
    file = io.BytesIO()
    torch.save([part.state_dict() for part in first], file)
    file.seek(0)
    resumed = made(seed=1)
    for part, state in zip(resumed, torch.load(file, weights_only=True), strict=True):
        part.load_state_dict(state)
    assert train(*resumed, range(CUT, STEPS)) == losses[CUT:]
    for (name, p), q in zip(whole[0].named_parameters(), resumed[0].parameters(), strict=True):
        assert torch.equal(p, q), name


def test_clipping_the_gradient_bounds_what_one_of_them_adds_to_the_momentum():
    """A step has its length whatever the gradient's, so clipping acts through the memory alone."""
    model, optimizer, schedule = made()
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    train(model, optimizer, schedule, [0])
    geometry = {layer.name: layer for layer in Geometry.for_model(model, "scion")}
    with optimizer.at_iterate():
        for name, p in model.named_parameters():
            layer, moved = geometry[name], p.detach() - before[name]
            matrix = moved.unsqueeze(-1) if layer.view == "vector" else moved.flatten(1)
            assert float(layer.norm(matrix)) == pytest.approx(0.02 * layer.radius, rel=1e-4), name


def test_evaluation_is_at_the_iterate():
    model, optimizer, schedule = made()
    train(model, optimizer, schedule, range(5))
    query = model.head.weight.detach().clone()
    with optimizer.at_iterate(), torch.no_grad():
        assert not torch.equal(model.head.weight, query)
    assert torch.equal(model.head.weight, query)
