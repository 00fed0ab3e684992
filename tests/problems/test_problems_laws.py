"""The laws of every problem: its gradient, its oracle, its start, and a toy's constants."""

import math

import numpy as np
import pytest
import torch
from torch.func import functional_call
from torch.nn.functional import one_hot

from explorer.noise._streams import Streams
from explorer.problems._network import embeddings, semi_orthogonal
from explorer.registry import NORMS, PROBLEMS

# float64: a thousand roundings of sums over entries, or over 1,500 images for a network.
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
TOYS = [
    *(name for name in sorted(PROBLEMS) if not PROBLEMS[name].network),
    "log_cosh(flatness=10.0)",
    "log_cosh(flatness=0.3, rows=5, columns=3)",
    "log_cosh(divide='rank')",
    "log_cosh(divide=2.5, flatness=3.0)",
    "bounded(divide='entries')",
    "bounded(divide='columns', rows=5, columns=3)",
    "quadratic(condition=30.0)",
    "quadratic(condition=4.0, rows=6, columns=2)",
    "quadratic(rows=1, columns=3)",
    "quadratic(condition=20.0, spiked=True, rows=5, columns=3)",
    "quadratic(start_rank=1)",
    "factorisation(rows=3, columns=6)",
    "chain(stretch=0.3, rows=2, columns=9)",
    "sensing(rows=3, columns=5, measurements=40, rank=2)",
    "sensing(rows=5, columns=6, measurements=12)",
]
SMOOTH = [text for text in TOYS if PROBLEMS.make(text).smooth]
# f = sum of phi(x_ij): what curves most is a single entry
ENTRYWISE = [
    text for text in SMOOTH if PROBLEMS.parse(text)[0] not in ("sensing", "logistic", "chain")
]


@pytest.fixture(params=TOYS)
def toy(request):
    return PROBLEMS.make(request.param)


@pytest.fixture(params=SMOOTH)
def smooth(request):
    return PROBLEMS.make(request.param)


@pytest.fixture(params=NETWORKS)
def network(request):
    return PROBLEMS.make(request.param)


@pytest.fixture(params=sorted(NORMS))
def norm(request):
    return NORMS[request.param]()


def generator():
    return torch.Generator().manual_seed(0)


def points(toy, seeds=40, spread=2.0):
    x = torch.randn(seeds, *toy.shape, generator=generator(), dtype=torch.float64)
    return spread * x * torch.logspace(-1, 1, seeds)[:, None, None]


def autograd_of_value(problem, state):
    leaves = {name: x.clone().requires_grad_() for name, x in state.items()}
    gradients = torch.autograd.grad(problem.value(leaves).sum(), list(leaves.values()))
    return dict(zip(leaves, gradients, strict=True))


def assert_equal_states(a, b, tolerance):
    assert a.keys() == b.keys()
    for name, x in a.items():
        torch.testing.assert_close(x, b[name], rtol=tolerance, atol=tolerance, msg=name)


@pytest.mark.parametrize("name", sorted(PROBLEMS))
def test_a_menu_has_something_to_show(name):
    problem = PROBLEMS[name]
    assert problem.label
    assert problem.formula
    assert problem.most_records > 0
    assert PROBLEMS.make(name) == problem(), "a problem is a value"


def test_the_gradient_of_a_toy_is_the_derivative_of_its_value(toy):
    state = {"x": points(toy)}
    assert_equal_states(toy.gradient(state), autograd_of_value(toy, state), TOLERANCE)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_value_and_gradient_have_one_entry_for_each_seed_in_the_states_dtype(toy, dtype):
    state = {"x": points(toy).to(dtype)}
    before = state["x"].clone()
    value, gradient = toy.value(state), toy.gradient(state)["x"]
    assert (value.shape, value.dtype) == ((40,), dtype)
    assert (gradient.shape, gradient.dtype) == (state["x"].shape, dtype)
    gradient.add_(1)  # a caller may add noise in place
    assert torch.equal(state["x"], before)


def test_values_far_away_do_not_overflow_in_float32(smooth):
    state = {"x": torch.full((1, *smooth.shape), 1e10)}
    assert smooth.value(state).isfinite().all()
    assert smooth.gradient(state)["x"].isfinite().all()


@pytest.mark.parametrize("text", [text for text in TOYS if not PROBLEMS.make(text).own_oracle])
def test_the_oracle_of_a_toy_is_its_gradient(text):
    toy = PROBLEMS.make(text)
    state = {"x": points(toy)}
    assert_equal_states(toy.sample(state, 5, Streams(0, 40)), toy.gradient(state), 0)


def test_every_toy_starts_at_the_identity_for_every_seed(toy):
    x = toy.start(Streams(0, [4, 7]), torch.float32)["x"]
    identity = torch.eye(*toy.shape)
    identity[:, getattr(toy, "start_rank", None) or min(toy.shape) :] = 0
    if isinstance(toy, PROBLEMS["chain"]):  # what has not been seen is zero
        identity = 0 * identity
    assert torch.equal(x, identity.expand(2, -1, -1))
    x[0] += 1
    assert torch.equal(x[1], identity), "seeds share no memory"


def test_a_record_of_a_toy_keeps_gradient_and_value(toy):
    state = {"x": points(toy)}
    gradient, beside = toy.measure(state)
    assert_equal_states(gradient, toy.gradient(state), 0)
    assert_equal_states(beside, {"value": toy.value(state)}, 0)


def test_the_gap_is_what_minimising_gains(toy):
    start = toy.start(Streams(0, 1), torch.float64)
    nudge = torch.randn(start["x"].shape, generator=generator(), dtype=torch.float64)
    x = (start["x"] + 1e-3 * nudge).requires_grad_()  # off a saddle point
    search = torch.optim.LBFGS([x], max_iter=500, line_search_fn="strong_wolfe", tolerance_grad=0)

    def closure():
        search.zero_grad()
        value = toy.value({"x": x}).sum()
        value.backward()
        return value

    search.step(closure)
    gained = float(toy.value(start) - toy.value({"x": x.detach()}))
    if toy.infimum_attained:
        assert gained == pytest.approx(toy.gap, rel=1e-6)  # as far as the search goes
    else:
        assert 0.9 * toy.gap <= gained <= toy.gap


def along_an_entry(toy, step):
    """The derivative along an entry, and its first and second differences, over a range."""
    second, third = toy.curvature
    place = torch.arange(-4, 4, step, dtype=torch.float64)
    if third:
        place = place * (second / third)  # over such a distance the curvature changes
    x = torch.zeros(len(place), *toy.shape, dtype=torch.float64)
    x[:, 0, 0] = place
    slope = toy.gradient({"x": x})["x"][:, 0, 0]
    first = slope.diff() / place.diff()
    return first, first.diff() / place.diff()[1:]


@pytest.mark.parametrize(
    ("divide", "norm"),
    [("rank", "spectral"), ("entries", "sign"), ("rows", "row"), ("columns", "column")],
)
def test_divided_by_its_norm_s_blocks_an_objective_has_the_smoothness_of_one_entry(divide, norm):
    for shape in ({"rows": 1, "columns": 1}, {"rows": 3, "columns": 7}):
        toy = PROBLEMS["bounded"](divide=divide, **shape)
        assert toy.smoothness(NORMS[norm]()) == pytest.approx(2.0)


@pytest.mark.parametrize("text", ENTRYWISE)
def test_curvature_bounds_the_derivatives_along_an_entry_and_is_attained(text):
    toy = PROBLEMS.make(text)
    second, third = along_an_entry(toy, 0.01)
    for found, bound in zip((second, third), toy.curvature, strict=True):
        assert found.abs().max() <= bound * (1 + TOLERANCE) + 1e-9  # differences of 1e-16 / .01^2
        assert found.abs().max() >= 0.99 * bound


@pytest.mark.parametrize("spread", [0.01, 1.0, 100.0])
def test_no_entry_anywhere_is_more_curved_than_curvature_says(smooth, spread):
    toy = smooth
    x = points(toy, spread=spread)
    step = torch.zeros_like(x)
    entry = torch.randint(step[0].numel(), (len(x), 1), generator=generator())
    step.flatten(1).scatter_(1, entry, 1e-3)
    slopes = [
        (toy.gradient({"x": x + k * step})["x"] * step).sum((1, 2)) / 1e-3 for k in (-1, 0, 1)
    ]
    below, here, above = slopes
    rounding = 1e-10 * (1 + x.abs().amax((1, 2)))
    assert ((above - below).abs() / 2e-3 - toy.curvature[0] <= rounding / 1e-3).all()
    assert ((above - 2 * here + below).abs() / 1e-6 - toy.curvature[1] <= rounding / 1e-6).all()


@pytest.mark.parametrize("distance", [1e-3, 1.0, 30.0])
def test_gradients_change_no_faster_than_smoothness_says(smooth, norm, distance):
    toy = smooth
    x = points(toy)
    y = x + distance * torch.randn(x.shape, generator=generator(), dtype=torch.float64)
    change = toy.gradient({"x": x})["x"] - toy.gradient({"x": y})["x"]
    ratio = norm.dual_norm(change) / norm(x - y)
    assert ratio.max() <= toy.smoothness(norm) * (1 + 1e-9)


def change_by_the_hessian(toy, x, move):
    """The change of the gradient along a step that its linear model at x foretells."""
    x = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(toy.value({"x": x}).sum(), x, create_graph=True)
    return torch.autograd.grad((gradient * move).sum(), x)[0]


def test_hessians_change_no_faster_than_hessian_smoothness_says(smooth, norm):
    """The error of the linear model along a step is at most rho/2 of its squared length."""
    toy = smooth
    x = points(toy)
    step = torch.randn(x.shape, generator=generator(), dtype=torch.float64)
    for move in (0.1 * step, step, 10 * step, -x):
        at, there = (toy.gradient({"x": z})["x"] for z in (x, x + move))
        error = norm.dual_norm(there - at - change_by_the_hessian(toy, x, move))
        bound = toy.hessian_smoothness(norm) / 2 * norm(move) ** 2
        assert (error <= bound * (1 + 1e-9) + 1e-9).all()  # rounding, of gradients up to 200


@pytest.mark.parametrize("text", [text for text in SMOOTH if text.startswith("sensing")])
def test_the_smoothness_of_sensing_is_attained_under_frobenius(text):
    toy = PROBLEMS.make(text)
    a = toy.matrices
    direction = torch.linalg.svd(a).Vh[0].view(1, *toy.shape)
    at, there = (toy.gradient({"x": x})["x"] for x in (0 * direction, direction))
    found = (there - at).norm()
    assert found == pytest.approx(toy.smoothness(NORMS["frobenius"]()), rel=1e-9)
    assert torch.linalg.matrix_rank(toy.truth) == toy.rank


@pytest.mark.parametrize("name", [text for text in TOYS if not PROBLEMS.make(text).smooth])
def test_a_toy_without_l_curves_more_the_farther_out(name):
    toy = PROBLEMS.make(name)
    ones = torch.ones(1, *toy.shape, dtype=torch.float64)
    near, far = (change_by_the_hessian(toy, k * ones, ones).norm() for k in (10, 1000))
    assert far > 1000 * near
    assert toy.smoothness(NORMS["sign"]()) == math.inf


QUADRATICS = [{"rows": 4, "columns": 16}, {"rows": 6, "columns": 3}, {"rows": 5, "columns": 5}]


@pytest.mark.parametrize("condition", [1.0, 5.0, 1000.0])
@pytest.mark.parametrize("sizes", QUADRATICS, ids=str)
def test_the_smoothness_of_a_quadratic_is_never_exceeded_and_attained(sizes, condition, norm):
    toy = PROBLEMS["quadratic"](**sizes, condition=condition)
    bound = toy.smoothness(norm) * (1 + TOLERANCE)
    x, climbed = points(toy), 0.0
    for _ in range(30):  # to and fro between a direction and its best test matrix
        found = norm.dual_norm(toy.gradient({"x": x / norm(x)[:, None, None]})["x"]).max()
        assert found <= bound
        climbed = max(climbed, float(found))
        x = -norm.lmo(toy.gradient({"x": x})["x"])
    ones, row, column = torch.ones(toy.shape), torch.zeros(toy.shape), torch.zeros(toy.shape)
    row[0], column[:, 0] = 1, 1
    diagonals = [torch.eye(*toy.shape).tril_() for _ in range(min(toy.shape))]
    for length, diagonal in enumerate(diagonals, 1):
        diagonal[length:] = 0
    candidates = torch.stack([ones, row, column, row * column, *diagonals]).double()
    attained = norm.dual_norm(
        toy.gradient({"x": candidates / norm(candidates)[:, None, None]})["x"]
    )
    assert max(climbed, float(attained.max())) >= 0.99 * toy.smoothness(norm)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("frobenius", 1.0), ("spectral", 1 + 0.1 + 0.01), ("column", 5.0), ("row", 1.11)],
)
def test_the_smoothness_of_a_quadratic_comes_from_its_eigenvalues(name, wanted):
    toy = PROBLEMS["quadratic"](rows=3, columns=5, condition=100.0)
    assert toy.smoothness(NORMS[name]()) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        (toy, {field: value}, error)
        for toy in ("log_cosh", "quadratic")
        for field in ("rows", "columns")
        for value, error in [(0, ValueError), (-3, ValueError), (2.5, TypeError), (True, TypeError)]
    ]
    + [("log_cosh", {"flatness": value}, ValueError) for value in (0.0, -1.0, math.nan, math.inf)]
    + [("quadratic", {"condition": value}, ValueError) for value in (0.5, 0.0, math.nan, math.inf)]
    + [("quadratic", {"spiked": 1}, TypeError), ("quadratic", {"start_rank": 5}, ValueError)]
    + [("sensing", {"rank": 9}, ValueError), ("sensing", {"measurements": 5000}, ValueError)]
    + [("factorisation", {"columns": 3}, ValueError), ("logistic", {"rows": 9}, ValueError)]
    + [("log_cosh", {"flatness": 1e-300}, ValueError), ("mlp", {"width": 10**9}, ValueError)]
    + [("log_cosh", {"divide": value}, ValueError) for value in (0.0, -1, math.inf, "ranks")]
    + [("bounded", {"divide": True}, TypeError)]
    + [("log_cosh", {"flatness": "flat"}, TypeError), ("mlp", {"width": 0}, ValueError)]
    + [("mlp", {"width": 2.5}, TypeError), ("mlp", {"width": "wide"}, TypeError)]
    + [("mlp", {"depth": 0}, ValueError), ("mlp", {"label_smoothing": 1.0}, ValueError)]
    + [("mlp", {"label_smoothing": "much"}, TypeError), ("convnet", {"channels": 0}, ValueError)]
    + [("char_gpt", {"width": 30}, ValueError), ("char_gpt", {"characters": 500}, ValueError)]
    + [("deep_linear", {"depth": 65}, ValueError), ("char_gpt", {"context": 513}, ValueError)],
)
def test_an_argument_that_makes_no_problem_is_refused_by_name_and_value(name, arguments, error):
    ((field, value),) = arguments.items()
    with pytest.raises(error, match=rf"^{field} must be .*got {value!r}; .*\.$"):
        PROBLEMS[name](**arguments)


# Networks.


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


@pytest.mark.parametrize("flatness", [0.5, 1.0, 3.0, 1e4, 1e9])
def test_log_cosh_keeps_its_digits_however_flat(flatness):
    toy = PROBLEMS["log_cosh"](rows=4, columns=4, flatness=flatness)
    z = 1 / flatness
    wanted = flatness**2 * (math.log(math.cosh(z)) if z > 0.1 else z**2 / 2 - z**4 / 12 + z**6 / 45)
    assert toy.gap == pytest.approx(4 * wanted, rel=1e-9)
    for dtype, tolerance in ((torch.float32, 1e-6), (torch.float64, 1e-9)):
        value = toy.value(toy.start(Streams(0, 1), dtype))
        assert float(value) == pytest.approx(4 * wanted, rel=tolerance)


def test_numbers_of_numpy_are_taken_as_what_they_are():
    toy = PROBLEMS["log_cosh"](rows=np.int64(3), flatness=np.float64(10))
    assert toy == PROBLEMS["log_cosh"](rows=3, flatness=10.0)
    assert PROBLEMS.spell(toy) == "log_cosh(rows=3, flatness=10.0)"
