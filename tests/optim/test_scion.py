"""Scion: one step by hand, the look-ahead, the ball, its state, and torch's own machinery."""

import copy
import io
from contextlib import suppress

import pytest
import torch
from torch import nn

from explorer.norms._base import as_norm
from explorer.norms._geometry import Geometry
from explorer.optim.scion import Scion
from explorer.theory._constants import Constants
from explorer.theory.bound import Bound

NORMS = ["column", "frobenius", "row", "sign", "spectral"]
ROUNDING = 1e-12  # float64, some tens of steps of size one on numbers of size one

G = torch.tensor([[3.0, 0.0, -4.0], [0.0, 2.0, 0.0]], dtype=torch.float64)
STEPS = {  # the LMO of G, worked by hand
    "column": [[-1.0, 0.0, 1.0], [0.0, -1.0, 0.0]],
    "frobenius": (-G / 29**0.5).tolist(),
    "row": [[-0.6, 0.0, 0.8], [0.0, -1.0, 0.0]],
    "sign": [[-1.0, 0.0, 1.0], [0.0, -1.0, 0.0]],
    "spectral": [[-0.6, 0.0, 0.8], [0.0, -1.0, 0.0]],  # its rows are orthogonal
}


def parameter(*shape, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return nn.Parameter(torch.randn(*shape, generator=generator, dtype=dtype))


def descend(p, optimizer, steps, gradient, schedule=None):
    """Take steps with a gradient of the query point, and return the iterate after each."""
    iterates = []
    for t in range(steps):
        if schedule is not None:
            optimizer.param_groups[0].update(schedule(t))
            optimizer.look_ahead()
        p.grad = gradient(p.detach(), t)
        optimizer.step()
        with optimizer.at_iterate():
            iterates.append(p.detach().clone())
    return iterates


def noisy(p, t):
    """A smooth gradient with a disturbance that depends on the step alone."""
    generator = torch.Generator().manual_seed(t)
    return p.tanh() + torch.randn(p.shape, generator=generator, dtype=torch.float64).to(p.dtype)


@pytest.mark.parametrize("norm", NORMS)
def test_one_step_is_the_lmo_times_lr_and_radius(norm):
    p = parameter(2, 3)
    start = p.detach().clone()
    p.grad = G.clone()
    Scion([p], norm=norm, lr=0.5, radius=3.0, momentum=0.0).step()
    expected = start + 1.5 * torch.tensor(STEPS[norm], dtype=torch.float64)
    torch.testing.assert_close(p.detach(), expected, rtol=0, atol=ROUNDING)


def test_momentum_is_the_weight_of_the_past():
    p = parameter(2, 3)
    optimizer = Scion([p], norm="frobenius", lr=0.1, momentum=0.75)
    for gradient in (G, -2 * G):
        p.grad = gradient.clone()
        optimizer.step()
    torch.testing.assert_close(
        optimizer.state[p]["momentum_buffer"], 0.75 * 0.25 * G - 0.25 * 2 * G, rtol=ROUNDING, atol=0
    )


@pytest.mark.parametrize("transport", [True, 0.5])
def test_the_query_point_extrapolates_with_the_present_momentum(transport):
    p = parameter(2, 3)
    optimizer = Scion([p], norm="sign", lr=0.1, momentum=0.9, transport=transport)
    before, after = descend(p, optimizer, 2, noisy)
    for momentum in (0.9, 0.6, 0.0):
        optimizer.param_groups[0]["momentum"] = momentum
        optimizer.look_ahead()
        query = after + float(transport) * momentum / (1 - momentum) * (after - before)
        torch.testing.assert_close(p.detach(), query, rtol=0, atol=ROUNDING)


def test_looking_ahead_twice_changes_nothing():
    p = parameter(2, 3, dtype=torch.float32)
    optimizer = Scion([p], lr=0.1, momentum=0.9, transport=True)
    descend(p, optimizer, 3, noisy)
    query = p.detach().clone()
    optimizer.look_ahead()
    assert torch.equal(p, query)


def test_at_iterate_shows_the_iterate_and_restores_the_query_point_even_after_an_error():
    p = parameter(2, 3)
    optimizer = Scion([p], norm="sign", lr=0.1, momentum=0.9, transport=True)
    iterate = descend(p, optimizer, 3, noisy)[-1]
    query = p.detach().clone()
    with suppress(RuntimeError), optimizer.at_iterate():
        assert torch.equal(p, iterate)
        assert not torch.equal(p, query)
        p.data.zero_()
        raise RuntimeError("inside the block")
    assert torch.equal(p, query)


@pytest.mark.parametrize("cap", [0.05, 0.3, 100.0])
def test_a_cap_bounds_the_look_ahead_in_radii(cap):
    p = parameter(4, 4)
    optimizer = Scion([p], lr=0.1, radius=2.0, momentum=0.9, transport=True, max_extrapolation=cap)
    iterate = descend(p, optimizer, 3, noisy)[-1]
    distance = as_norm("spectral")(p.detach() - iterate) / 2.0
    assert float(distance) == pytest.approx(min(cap, 9 * 0.1), rel=1e-9)


def test_a_capped_look_ahead_of_a_constrained_run_is_measured_and_not_assumed():
    p = parameter(4, 4)
    optimizer = Scion(
        [p], lr=0.5, radius=10.0, momentum=0.9, transport=True, max_extrapolation=0.2,
        constrained=True,
    )  # fmt: skip
    iterate = descend(p, optimizer, 3, noisy)[-1]
    assert float(as_norm("spectral")(p.detach() - iterate)) / 10 == pytest.approx(0.2, rel=1e-9)


def test_without_transport_only_the_momentum_is_kept():
    p = parameter(2, 3)
    optimizer = Scion([p], lr=0.1, momentum=0.9)
    iterate = descend(p, optimizer, 2, noisy)[-1]
    assert set(optimizer.state[p]) == {"momentum_buffer"}
    assert torch.equal(p, iterate)
    transported = Scion([p], lr=0.1, momentum=0.9, transport=True)
    descend(p, transported, 1, noisy)
    assert set(transported.state[p]) == {"momentum_buffer", "iterate", "move"}


def test_transport_on_a_quadratic_without_noise_makes_momentum_the_gradient():
    curvature = torch.tensor([[1.0], [0.3], [0.05]], dtype=torch.float64)
    p = parameter(3, 5)
    optimizer = Scion([p], lr=0.2, momentum=0.0, transport=True)

    def follow(t):
        return {"momentum": 0.0 if t == 0 else 0.9 - 0.5 / t, "lr": 0.2 / (t + 1) ** 0.5}

    for t in range(40):
        optimizer.param_groups[0].update(follow(t))
        optimizer.look_ahead()
        with optimizer.at_iterate():
            exact = curvature * p.detach()
        p.grad = curvature * p.detach()
        optimizer.step()
        momentum = optimizer.state[p]["momentum_buffer"]
        torch.testing.assert_close(momentum, exact, rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("transport", [False, True])
def test_a_constrained_run_that_starts_in_the_ball_stays_there(norm, transport):
    p = nn.Parameter(torch.zeros(4, 6, dtype=torch.float64))
    optimizer = Scion(
        [p], norm=norm, lr=0.3, radius=2.0, momentum=0.8, transport=transport, constrained=True
    )
    iterates = descend(p, optimizer, 50, noisy)
    sizes = as_norm(norm)(torch.stack(iterates))
    assert float(sizes.max()) <= 2 * (1 + ROUNDING)
    assert float(sizes[-1]) > 0.5, "it moves"


def test_a_constrained_step_is_a_step_towards_the_lmo():
    p = parameter(2, 3)
    start = p.detach().clone()
    p.grad = G.clone()
    Scion([p], norm="sign", lr=0.25, radius=2.0, momentum=0.0, constrained=True).step()
    expected = 0.75 * start + 0.5 * torch.tensor(STEPS["sign"], dtype=torch.float64)
    torch.testing.assert_close(p.detach(), expected, rtol=0, atol=ROUNDING)


KINDS = {
    "plain": {},
    "transported": {"transport": True},
    "capped": {"transport": 0.5, "max_extrapolation": 0.1},
    "constrained": {"transport": True, "max_extrapolation": 0.1, "constrained": True},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("norm", ["spectral", as_norm("sign")], ids=str)
def test_a_saved_run_goes_on_to_the_bit(kind, norm):
    choice = {"norm": norm, "lr": 0.1, "momentum": 0.9, **KINDS[kind]}
    p = parameter(3, 5, dtype=torch.float32)
    optimizer = Scion([p], **choice)
    descend(p, optimizer, 5, noisy)
    file = io.BytesIO()
    torch.save({"p": p.detach(), "optimizer": optimizer.state_dict()}, file)
    file.seek(0)
    saved = torch.load(file, weights_only=True)
    descend(p, optimizer, 5, lambda x, t: noisy(x, t + 5))

    other = nn.Parameter(saved["p"])
    resumed = Scion([other], **choice)
    resumed.load_state_dict(saved["optimizer"])
    descend(other, resumed, 5, lambda x, t: noisy(x, t + 5))
    assert torch.equal(other, p)
    for name, tensor in optimizer.state[p].items():
        assert torch.equal(tensor, resumed.state[other][name]), name


SCHEDULERS = {
    "step": lambda o: torch.optim.lr_scheduler.StepLR(o, step_size=2, gamma=0.5),
    "cosine": lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=6),
    "one cycle": lambda o: torch.optim.lr_scheduler.OneCycleLR(o, max_lr=0.4, total_steps=7),
}


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_the_schedulers_of_torch_set_the_length_of_a_step(scheduler):
    p = parameter(2, 3)
    optimizer = Scion([p], norm="sign", lr=0.1, momentum=0.9, transport=True)
    schedule, lengths, wanted = SCHEDULERS[scheduler](optimizer), [], []
    for t in range(6):
        optimizer.look_ahead()  # a cycled momentum moves the query point
        with optimizer.at_iterate():
            before = p.detach().clone()
        wanted.append(optimizer.param_groups[0]["lr"])
        p.grad = noisy(p.detach(), t)
        optimizer.step()
        with optimizer.at_iterate():
            lengths.append(float((p.detach() - before).abs().max()))
        schedule.step()
    assert lengths == pytest.approx(wanted, rel=1e-9)
    assert len(set(wanted)) > 2, "the schedule does something"


def test_a_closure_is_evaluated_at_the_query_point_and_its_loss_returned():
    p = parameter(2, 3)
    optimizer = Scion([p], norm="sign", lr=0.1, momentum=0.9, transport=True)
    descend(p, optimizer, 2, noisy)
    seen = []

    def closure():
        optimizer.zero_grad()
        seen.append(p.detach().clone())
        loss = (p**2).sum()
        loss.backward()
        return loss

    query = p.detach().clone()
    loss = optimizer.step(closure)
    assert torch.equal(seen[0], query)
    assert float(loss.detach()) == pytest.approx(float((query**2).sum()), rel=ROUNDING)
    assert not torch.equal(p, query)


def test_a_parameter_without_a_gradient_is_left_alone():
    moved, frozen = parameter(2, 3), parameter(2, 3, seed=1)
    start = frozen.detach().clone()
    optimizer = Scion([moved, frozen], lr=0.1, transport=True)
    moved.grad = G.clone()
    optimizer.step()
    optimizer.look_ahead()
    assert torch.equal(frozen, start)
    assert not optimizer.state.get(frozen)


@pytest.mark.parametrize("shape", [(3, 5), (1, 1), (5, 9), (5, 3), (4, 8), (1, 7)], ids=str)
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_a_replica_of_a_stack_goes_as_it_goes_alone_to_the_bit(norm, shape, dtype):
    stack = parameter(7, *shape, dtype=dtype)
    alone = [nn.Parameter(one.detach().clone()) for one in stack]
    generator = torch.Generator().manual_seed(1)
    gradients = torch.randn(4, 7, *shape, generator=generator, dtype=dtype)
    choice = {"norm": norm, "lr": 0.1, "momentum": 0.7, "transport": True}
    descend(stack, Scion([stack], stacked=True, **choice), 4, lambda x, t: x + gradients[t])
    for i, one in enumerate(alone):
        descend(one, Scion([one], **choice), 4, lambda x, t, i=i: x + gradients[t][i])
        assert torch.equal(one, stack[i]), f"replica {i}"


LONG_ENOUGH = {"scion": 0.03, "frobenius": 0.05}


@pytest.mark.parametrize("convention", ["scion", *NORMS])
@pytest.mark.parametrize("transport", [False, True])
def test_a_network_learns_with_the_geometry_of_its_layers(convention, transport):
    torch.manual_seed(0)  # nn.Module draws its weights from the global generator
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3)
    )
    images, labels = torch.randn(12, 1, 4, 4), torch.arange(12) % 3
    groups = Geometry.for_model(model, convention).param_groups(model)
    lr = LONG_ENOUGH.get(convention, 0.02)
    optimizer = Scion(groups, lr=lr, momentum=0.8, transport=transport)

    def loss():
        return nn.functional.cross_entropy(model(images), labels)

    first = float(loss().detach())
    for _ in range(40):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
    with optimizer.at_iterate():
        assert float(loss().detach()) < 0.8 * first


def test_copies_of_an_optimiser_are_independent():
    p = parameter(2, 3)
    optimizer = Scion([p], lr=0.1, transport=True)
    descend(p, optimizer, 2, noisy)
    state = copy.deepcopy(optimizer.state_dict())
    descend(p, optimizer, 1, noisy)
    assert not torch.equal(state["state"][0]["iterate"], optimizer.state[p]["iterate"])


MATRIX, VECTOR, KERNEL = torch.zeros(2, 3), torch.zeros(3), torch.zeros(2, 3, 5, 5)
REFUSED = [
    (MATRIX, {"lr": 0.0}, ValueError, "lr must be positive and finite, got 0.0; try lr=0.1"),
    (MATRIX, {"lr": -1.0}, ValueError, "lr must be positive and finite, got -1.0; try"),
    (MATRIX, {"lr": float("nan")}, ValueError, "lr must be positive and finite, got nan; try"),
    (MATRIX, {"lr": float("inf")}, ValueError, "lr must be positive and finite, got inf; try"),
    (MATRIX, {"radius": 0.0}, ValueError, "radius must be positive and finite, got 0.0; try"),
    (MATRIX, {"momentum": 1.0}, ValueError, "momentum must lie in [0, 1), got 1.0; it is the"),
    (MATRIX, {"momentum": 7.0}, ValueError, "momentum must lie in [0, 1), got 7.0; it is the"),
    (MATRIX, {"momentum": -0.1}, ValueError, "momentum must lie in [0, 1), got -0.1; it is the"),
    (MATRIX, {"transport": 1.5}, ValueError, "fraction in [0, 1], got 1.5; choose True"),
    (MATRIX, {"transport": -1}, ValueError, "fraction in [0, 1], got -1; choose True"),
    (MATRIX, {"max_extrapolation": 0.0}, ValueError, "got 0.0; choose None for no cap"),
    (MATRIX, {"norm": "spektral"}, KeyError, "unknown norm 'spektral'; expected one of ["),
    (MATRIX, {"norm": 3}, TypeError, "norm must be a name or a Norm, got 3; expected one of ["),
    (VECTOR, {"norm": "spectral"}, ValueError, "shape (3,); give it its own group"),
    (KERNEL, {"norm": "row"}, ValueError, "shape (2, 3, 5, 5); give it its own group"),
    (MATRIX, {"constrained": 1}, TypeError, "constrained must be True or False, got 1."),
    (MATRIX, {"stacked": "no"}, TypeError, "stacked must be True or False, got 'no'."),
    (MATRIX + 0j, {"lr": 0.2}, ValueError, "must be real floating point, got torch.complex64"),
    (MATRIX, {"stacked": True}, ValueError, "stacked parameter of shape (2, 3); give it its"),
]


@pytest.mark.parametrize(
    ("tensor", "choice", "error", "words"), REFUSED, ids=[str(row[1]) for row in REFUSED]
)
def test_a_bad_argument_is_refused_with_its_value_and_the_way_out(tensor, choice, error, words):
    with pytest.raises(error) as caught:
        Scion([nn.Parameter(tensor.clone())], **choice)
    assert words in str(caught.value)


def test_a_refused_group_leaves_the_optimiser_as_it_was():
    optimizer = Scion([parameter(2, 3)], lr=0.1)
    with pytest.raises(ValueError, match="radius"):
        optimizer.add_param_group({"params": [parameter(2, 3)], "radius": -1.0})
    assert len(optimizer.param_groups) == 1


def test_update_is_step_without_its_hooks():
    ends, called = [], []
    for update in (False, True):
        p = parameter(2, 3)
        optimizer = Scion([p], norm="spectral", lr=0.1, transport=True)
        optimizer.register_step_post_hook(lambda *_, update=update: called.append(update))
        for _ in range(3):
            p.grad = p.detach().clone()
            if update:
                with torch.no_grad():
                    optimizer.update()
            else:
                optimizer.step()
        ends.append(p.detach().clone())
    assert torch.equal(*ends)
    assert called == [False] * 3


def test_transport_switched_off_goes_on_from_the_iterate():
    p, plain = parameter(2, 3), parameter(2, 3)
    optimizer = Scion([p], norm="sign", lr=0.1, momentum=0.5, transport=True)
    descend(p, optimizer, 3, lambda x, t: x)
    with optimizer.at_iterate():
        plain.data.copy_(p)
    optimizer.param_groups[0]["transport"] = False
    optimizer.look_ahead()
    assert torch.equal(p, plain)
    other = Scion([plain], norm="sign", lr=0.1, momentum=0.5)
    momentum = optimizer.state[p]["momentum_buffer"]
    other.state[plain]["momentum_buffer"] = momentum.clone()
    for x, method in ((p, optimizer), (plain, other)):
        for _ in range(4):
            x.grad = x.detach().clone()
            method.step()
    assert torch.equal(p, plain)
    assert set(optimizer.state[p]) == {"momentum_buffer"}


# f has curvature 1 and third derivative 0, or third derivative 1, wherever these runs go.
CONSTANT = {0.0: (lambda x: x, 0.0), 0.4: (lambda x: x, 0.0), 1.0: (lambda x: x * x / 2, 1.0)}


@pytest.mark.parametrize("transport", CONSTANT)
def test_the_lag_of_the_momentum_is_the_bounds_bias_where_the_curvature_is_constant(transport):
    gradient, rho = CONSTANT[transport]
    x = nn.Parameter(torch.full((1, 1), 1e3, dtype=torch.float64))
    optimizer = Scion([x], lr=1.0, momentum=0.0, transport=transport)
    bound = Bound(Constants(1.0, rho, 1.0, noise=0.0, moment=2.0), transport)
    shares = []
    for t in range(60):
        lr, momentum = 1 / (1 + t / 10), 0.0 if t == 0 else 0.5 + 0.4 * (t % 7) / 7
        optimizer.param_groups[0].update(lr=lr, momentum=momentum)
        optimizer.look_ahead()
        coefficient = optimizer.coefficient(optimizer.param_groups[0])
        with optimizer.at_iterate():
            at_iterate = gradient(x.detach()).item()
        x.grad = gradient(x.detach())
        optimizer.step()
        bound.advance(lr, momentum, 1, coefficient)
        lag = abs(optimizer.state[x]["momentum_buffer"].item() - at_iterate)
        if t:
            shares.append(lag / bound._bias)
    assert max(shares) <= 1 + 1e-6  # differences of numbers of size 1e6
    assert min(shares) >= 1 - 1e-6
