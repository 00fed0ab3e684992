"""The laws of every network: its gradient, its oracle, its start, and what is measured of it."""

import pytest
import torch
from states import assert_equal_states
from torch.func import functional_call
from torch.nn.functional import one_hot

from explorer.noise._streams import Streams
from explorer.problems._network import embeddings, semi_orthogonal
from explorer.registry import PROBLEMS

# float64: a thousand roundings of sums over 1,500 images.
TOLERANCE = 1e-10
# The library promises float32 networks, whose sums depend on how many replicas share a kernel.
SINGLE = 1e-5

NETWORKS = [
    "mlp",
    "mlp(width=8, depth=1, label_smoothing=0.2)",
    "deep_linear(width=8, depth=3)",
    "convnet(channels=2)",
    "char_gpt(width=8, depth=1, context=8, characters=200)",
]


@pytest.fixture(params=NETWORKS)
def network(request):
    return PROBLEMS.make(request.param)


def generator():
    return torch.Generator().manual_seed(0)


def started(network, seeds, dtype=torch.float64, seed=0):
    return network.start(Streams(seed, seeds), dtype)


def nudged(network, seeds):
    """A state with biases that are not zero."""
    state = started(network, seeds)
    return {
        name: x + 0.1 * torch.randn(x.shape, generator=generator(), dtype=x.dtype)
        for name, x in state.items()
    }


def replica(state, i):
    return {name: x[i] for name, x in state.items()}


def loss_of_one(network, parameters, inputs, targets):
    """Cross-entropy as its definition has it, smoothed targets and all."""
    outputs = functional_call(network.template, parameters, (inputs,)).log_softmax(-1)
    wanted = one_hot(targets, outputs.shape[-1]).to(outputs.dtype)
    smooth = network.label_smoothing
    wanted = (1 - smooth) * wanted + smooth / outputs.shape[-1]
    return -(wanted * outputs).sum(-1).mean()


def test_every_network_is_put_to_the_laws():
    assert {PROBLEMS.parse(text)[0] for text in NETWORKS} == {
        name for name in PROBLEMS if PROBLEMS[name].network
    }


def test_the_gradient_of_each_replica_is_the_derivative_of_its_own_loss(network):
    state = nudged(network, 3)
    examples = network.examples(state)
    value, gradient = network.value(state), network.gradient(state)
    for i in range(3):
        leaves = {name: x.clone().requires_grad_() for name, x in replica(state, i).items()}
        loss = loss_of_one(network, leaves, *examples)
        torch.testing.assert_close(value[i], loss.detach())
        wanted = torch.autograd.grad(loss, list(leaves.values()))
        assert_equal_states(replica(gradient, i), dict(zip(leaves, wanted, strict=True)), TOLERANCE)


def test_a_record_of_a_network_keeps_gradient_loss_and_held_out_accuracy(network):
    state = nudged(network, 3)
    gradient, beside = network.measure(state)
    assert_equal_states(gradient, network.gradient(state), TOLERANCE)
    torch.testing.assert_close(beside["value"], network.value(state))
    _, _, inputs, targets = network.data(torch.device("cpu"), torch.float64)
    if network.measured is not None and len(targets) > network.measured:
        pytest.fail("the held-out examples of this test are all measured")
    for i in range(3):
        outputs = functional_call(network.template, replica(state, i), (inputs,))
        right = int((outputs.argmax(-1) == targets).sum())
        assert round(float(beside["held-out accuracy"][i]) * targets.numel()) == right
        loss = loss_of_one(network, replica(state, i), inputs, targets)
        torch.testing.assert_close(beside["held-out loss"][i], loss)


@pytest.mark.parametrize(
    ("text", "count", "all_of_them"),
    [("mlp", 1500, 1500), ("convnet(channels=2)", 500, 1500), ("char_gpt(width=8)", 64, None)],
)
def test_an_objective_is_measured_on_fixed_examples_that_span_all(text, count, all_of_them):
    network = PROBLEMS.make(text)
    state = started(network, 1)
    inputs, targets = network.examples(state)
    data = network.data(torch.device("cpu"), torch.float64)
    assert len(inputs) == len(targets) == count
    assert all_of_them is None or len(data.targets) == all_of_them
    torch.testing.assert_close(inputs[[0, -1]], data.inputs[[0, -1]], rtol=0, atol=0)
    again = network.examples(started(network, 2, seed=5))
    assert torch.equal(inputs, again[0]), "whatever the seed"


def test_a_replica_gets_alone_what_it_gets_among_many(network):
    together, alone = started(network, 6, torch.float32), started(network, [4], torch.float32)
    assert_equal_states(replica(together, 4), replica(alone, 0), 0)
    many, one = Streams(3, 6), Streams(3, [4])
    for _ in range(3):
        samples = network.sample(together, 16, many), network.sample(alone, 16, one)
        assert_equal_states(replica(samples[0], 4), replica(samples[1], 0), SINGLE)
    whole = network.gradient(together), network.gradient(alone)
    assert_equal_states(replica(whole[0], 4), replica(whole[1], 0), SINGLE)


def test_seeds_differ_in_weights_and_examples(network):
    state = started(network, 3)
    weight = next(name for name, x in state.items() if x.dim() > 2)
    assert not torch.equal(state[weight][0], state[weight][1])
    same = {name: x[:1].expand(3, *x.shape[1:]) for name, x in state.items()}
    sample = network.sample(same, 16, Streams(0, 3))
    assert not torch.allclose(sample[weight][0], sample[weight][1])


@pytest.mark.parametrize("width", [8, 16])
def test_two_specs_of_one_seed_see_the_same_examples(width):
    network, seeds, batch_size = PROBLEMS["mlp"](width=width), 3, 16
    streams = Streams(7, seeds)
    state = network.start(streams, torch.float64)
    streams.uniforms("noise", width)  # neither start nor noise moves the examples
    data = network.data(torch.device("cpu"), torch.float64)
    independent = Streams(7, seeds)
    for _ in range(4):
        sample = network.sample(state, batch_size, streams)
        uniforms = independent.uniforms(f"batch/{batch_size}", batch_size)
        examples = (uniforms * len(data.targets)).long()
        for i in range(seeds):
            leaves = {name: x.clone().requires_grad_() for name, x in replica(state, i).items()}
            batch = data.inputs[examples[i]], data.targets[examples[i]]
            wanted = torch.autograd.grad(loss_of_one(network, leaves, *batch), leaves.values())
            assert_equal_states(
                replica(sample, i), dict(zip(leaves, wanted, strict=True)), TOLERANCE
            )


def test_weights_start_semi_orthogonal_so_that_unit_inputs_give_unit_outputs(network):
    looked_up = embeddings(network.template)
    for name, x in started(network, 3).items():
        if name in looked_up:
            torch.testing.assert_close(x.square().mean(-1), torch.ones(x.shape[:-1]).double())
            continue
        if x.dim() < 3:
            assert x.abs().max() == 0, f"{name} is a vector"
            continue
        d_out, d_in = x.shape[1], x[0, 0].numel()
        sizes = torch.linalg.svdvals(x.view(3, d_out, d_in))
        # RMS to RMS: the operator norm times sqrt(d_in / d_out)
        torch.testing.assert_close(sizes * (d_in / d_out) ** 0.5, torch.ones_like(sizes))


def test_semi_orthogonal_matrices_favour_no_side():
    normal = torch.randn(4000, 3, 3, generator=generator(), dtype=torch.float64)
    entries = semi_orthogonal(normal).flatten(1)
    # each entry of a uniform orthogonal matrix has mean 0 and variance 1/3
    assert entries.mean(0).abs().max() <= 4 * (1 / 3 / 4000) ** 0.5
    assert (entries.var(0) - 1 / 3).abs().max() <= 0.02


def test_the_mean_of_minibatch_gradients_tends_to_the_full_gradient(network):
    seeds = 200
    state = {name: x.expand(seeds, *x.shape[1:]) for name, x in nudged(network, 1).items()}
    samples = network.sample(state, 4, Streams(0, seeds))
    object.__setattr__(network, "measured", None)  # all that the oracle draws from
    full = network.gradient({name: x[:1] for name, x in state.items()})
    for name, x in samples.items():
        spread = x.var(0).sum()
        error = ((x.mean(0) - full[name][0]) ** 2).sum()
        assert error <= 4 * spread / seeds, name
        assert spread > 0


def test_a_network_learns_from_its_own_oracle(network):
    """Forty plain gradient steps on minibatches lower the loss of every replica."""
    state, streams = started(network, 4), Streams(0, 4)
    first = network.value(state)
    for _ in range(40):
        sample = network.sample(state, 64, streams)
        state = {name: x - 0.2 * sample[name] for name, x in state.items()}
    assert (network.value(state) < first - 0.1).all()
