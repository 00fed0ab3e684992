"""The laws of every problem: its gradient, its oracle, its start, and a toy's constants."""

import math

import numpy as np
import pytest
import torch
from states import assert_equal_states

from explorer.noise._streams import Streams
from explorer.registry import NORMS, PROBLEMS

# float64: a thousand roundings of sums over entries, or over 1,500 images for a network.
TOLERANCE = 1e-10
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
