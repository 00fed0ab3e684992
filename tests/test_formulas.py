"""The formulas on the page are those of the code: each is evaluated on random input."""

import numpy as np
import pytest
import torch
from latex_evaluator import python_of, value_of
from torch.func import functional_call

from explorer import NOISES, NORMS, PROBLEMS
from explorer.noise._streams import Streams
from explorer.problems._data import digits
from explorer.theory import exponents

RNG = np.random.default_rng(0)
SHAPES = [(3, 5), (5, 3), (4, 4), (1, 6)]
OPTIONS = {"schatten": {"q": 3.0}, "ky_fan": {"k": 2}}
CASES = [(name, shape) for name in NORMS for shape in SHAPES if name != "ky_fan" or min(shape) > 1]
SAME = {"rel": 1e-6, "abs": 1e-9}


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_a_norm_is_what_its_formula_says(name, shape):
    norm, x = NORMS[name](**OPTIONS.get(name, {})), RNG.standard_normal(shape)
    wanted = value_of(NORMS[name].formula, X=x, shape=shape, **OPTIONS.get(name, {}))
    assert norm(torch.tensor(x)).item() == pytest.approx(wanted, **SAME)


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_a_step_is_what_its_formula_says(name, shape):
    options = OPTIONS.get(name, {})
    norm, g = NORMS[name](**options), RNG.standard_normal(shape)
    u, sigma, vt = np.linalg.svd(g, full_matrices=False)
    largest = np.unravel_index(np.abs(g).argmax(), shape)
    dual = 1 / (1 - 1 / options.get("q", 2.0))
    names = {
        "G": g, "U": u, "V": vt.T, "sigma": sigma, "ufirst": u[:, :1], "vfirst": vt[:1].T,
        "qdual": dual, "normdual": lambda x: (x**dual).sum() ** (1 / dual),
        "shape": shape, "K": 0, **options,
    }  # fmt: skip
    if name == "l1":
        names |= {"k": largest[0], "l": largest[1]}
        sizes = iter(shape)
        names["unit"] = lambda at: np.eye(1, next(sizes), at).T
    formula = NORMS[name].ball
    if "[:,j]" in python(formula):  # one column, or one row, at a time
        wanted = np.stack([value_of(formula, j=j, **names) for j in range(shape[1])], axis=1)
    elif "[i,:]" in python(formula):
        wanted = np.stack([value_of(formula, i=i, **names) for i in range(shape[0])])
    else:
        wanted = value_of(formula, **names)
    np.testing.assert_allclose(norm.lmo(torch.tensor(g)).numpy(), wanted, rtol=1e-6, atol=1e-9)


def python(formula):
    return python_of(formula).replace(" ", "")


def right_side(formula):
    return formula.partition("=")[2]


@pytest.mark.parametrize("name", ["log_cosh", "bounded", "quartic"])
def test_an_entrywise_objective_is_what_its_formula_says(name):
    options = {"flatness": 3.0} if name == "log_cosh" else {}
    problem = PROBLEMS[name](rows=3, columns=4, **options)
    x = RNG.standard_normal((2, 3, 4))
    found = problem.value({"x": torch.tensor(x)})
    for i in range(2):
        wanted = value_of(right_side(problem.formula), X=x[i], shape=(3, 4), a=3.0)
        assert found[i].item() == pytest.approx(wanted, **SAME)


def test_a_quadratic_is_what_its_formula_says():
    problem = PROBLEMS["quadratic"](rows=3, columns=4, condition=5.0)
    x, h = RNG.standard_normal((3, 4)), np.diag(problem.eigenvalues)
    wanted = value_of(right_side(problem.formula), X=x, H=h, shape=(3, 4))
    assert problem.value({"x": torch.tensor(x)[None]}).item() == pytest.approx(wanted, **SAME)


def test_factor_pairs_are_what_their_formula_says():
    problem = PROBLEMS["factorisation"](rows=3, columns=4)
    x = RNG.standard_normal((3, 4))
    wanted = value_of(right_side(problem.formula), U=x[:, :2], V=x[:, 2:], shape=(3, 2))
    assert problem.value({"x": torch.tensor(x)[None]}).item() == pytest.approx(wanted, **SAME)


def test_sensing_is_what_its_formula_says():
    problem = PROBLEMS["sensing"](rows=3, columns=4, measurements=20)
    x, a = RNG.standard_normal((3, 4)), problem.matrices.numpy().reshape(20, 3, 4)
    seen = [float((one * problem.truth.numpy()).sum()) for one in a]
    wanted = value_of(right_side(problem.formula), X=x, A=a, b=seen, M=20, shape=(3, 4))
    assert problem.value({"x": torch.tensor(x)[None]}).item() == pytest.approx(wanted, **SAME)


def softmax(z):
    return np.exp(z - z.max()) / np.exp(z - z.max()).sum()


def test_logistic_regression_is_what_its_formula_says():
    problem = PROBLEMS["logistic"]()
    data = digits(torch.device("cpu"), torch.float64)
    x = RNG.standard_normal((10, 64)) / 8
    a, y = data.inputs.numpy(), data.targets.numpy()
    names = {"X": x, "a": a[..., None], "y": y, "N": len(y), "K": len(y), "shape": x.shape}
    softmax_at = lambda z: softmax(np.asarray(z)[:, 0])  # noqa: E731
    wanted = value_of(right_side(problem.formula), softmax=softmax_at, **names)
    assert problem.value({"x": torch.tensor(x)[None]}).item() == pytest.approx(wanted, **SAME)


def test_the_network_is_what_its_formula_says():
    problem = PROBLEMS["mlp"](width=5)
    data = digits(torch.device("cpu"), torch.float64)
    state = problem.start(Streams(0, 1, torch.device("cpu")), torch.float64)
    state = {name: torch.tensor(RNG.standard_normal(x.shape)) / 8 for name, x in state.items()}
    weights = {name: x[0].numpy() for name, x in state.items()}
    first, second, third = (
        Affine(weights[f"{layer}.weight"], weights[f"{layer}.bias"]) for layer in (0, 2, 4)
    )
    y = data.targets.numpy()
    names = {"A1": first, "A2": second, "A3": third, "a": data.inputs.numpy()}
    wanted = value_of(
        right_side(problem.formula), **names, y=y, N=len(y), K=len(y), shape=(1, 1),
        phi=lambda z: np.maximum(z, 0), CE=cross_entropy_of,
    )  # fmt: skip
    assert problem.value(state).item() == pytest.approx(wanted, **SAME)


def test_a_product_of_matrices_is_what_its_formula_says():
    problem = PROBLEMS["deep_linear"](width=5)
    data = digits(torch.device("cpu"), torch.float64)
    state = problem.start(Streams(0, 1, torch.device("cpu")), torch.float64)
    names = {f"X{i + 1}": state[f"{i}.weight"][0].numpy() for i in range(3)}
    wanted = value_of(
        right_side(problem.formula), **names, a=data.inputs.numpy()[..., None],
        y=data.targets.numpy(), N=1500, K=1500, shape=(5, 64), CE=cross_entropy_of,
    )  # fmt: skip
    assert problem.value(state).item() == pytest.approx(wanted, **SAME)


def cross_entropy_of(z, label):
    return -np.log(softmax(np.asarray(z).reshape(-1))[label])


class Affine:
    """``X z + b``, of an image of some channels too, which it takes for a vector."""

    def __init__(self, weights, bias):
        self.weights, self.bias = weights, bias

    def __mul__(self, z):
        return self.weights @ np.asarray(z).reshape(-1) + self.bias


class Convolution(Affine):
    """``X * z + b`` for an image of some channels, written by hand."""

    def __init__(self, weights, bias, stride):
        super().__init__(weights, bias)
        self.stride = stride

    def __mul__(self, z):
        padded = np.pad(np.asarray(z), ((0, 0), (1, 1), (1, 1)))
        side = range(0, padded.shape[1] - 2, self.stride)
        images = [
            [[(one * padded[:, i : i + 3, j : j + 3]).sum() for j in side] for i in side]
            for one in self.weights
        ]
        return np.array(images) + self.bias[:, None, None]


def test_a_convolutional_network_is_what_its_formula_says():
    problem = PROBLEMS["convnet"](channels=2)
    state = problem.start(Streams(0, 1, torch.device("cpu")), torch.float64)
    state = {name: torch.tensor(RNG.standard_normal(x.shape)) / 2 for name, x in state.items()}
    weights = {name: x[0].numpy() for name, x in state.items()}
    inputs, targets = problem.examples(state)
    names = {
        "A1": Convolution(weights["1.weight"], weights["1.bias"], 1),
        "A2": Convolution(weights["3.weight"], weights["3.bias"], 2),
        "A3": Affine(weights["6.weight"], weights["6.bias"]),
    }
    wanted = value_of(
        right_side(problem.formula), **names, a=inputs.numpy().reshape(-1, 1, 8, 8),
        y=targets.numpy(), N=len(targets), K=len(targets), shape=(1, 1),
        phi=lambda z: np.maximum(z, 0), CE=cross_entropy_of,
    )  # fmt: skip
    assert problem.value(state).item() == pytest.approx(wanted, **SAME)


def test_a_transformer_predicts_each_symbol_from_those_before_it_alone():
    """Its formula, with each probability computed from a prefix that holds nothing later."""
    problem = PROBLEMS["char_gpt"](width=8, depth=2, context=6, characters=200)
    state = problem.start(Streams(0, 1, torch.device("cpu")), torch.float64)
    inputs, targets = problem.examples(state)
    weights = {name: x[0] for name, x in state.items()}
    losses = []
    for t in range(1, 7):
        logits = functional_call(problem.template, weights, (inputs[:, :t],))[:, -1]
        p = logits.softmax(-1)[torch.arange(len(inputs)), targets[:, t - 1]]
        losses.append(-p.log())
        if t < 6:
            assert torch.equal(targets[:, t - 1], inputs[:, t]), "what follows is the next symbol"
    assert problem.value(state).item() == pytest.approx(torch.stack(losses).mean().item(), **SAME)


def test_the_chain_is_what_its_formula_says():
    whole = PROBLEMS["chain"](rows=2, columns=6, length=3, eps=0.8)
    row = PROBLEMS["chain"](rows=1, columns=3, length=3, eps=0.8)
    x = RNG.uniform(0, 1.5, (2, 6)) * whole.link
    a = whole.steepness / whole.link

    def links(z):
        """F, from a chain of one row whose a and lambda are known too."""
        state = {"x": torch.tensor(np.asarray(z) * row.link).view(1, 1, 3)}
        return row.value(state).item() / (row.steepness * row.link)

    wanted = value_of(
        right_side(whole.formula), X=x, F=links, J=[slice(0, 3), slice(3, 6)], K=2, a=a,
        scale=whole.link, shape=(2, 6),
    )  # fmt: skip
    assert whole.value({"x": torch.tensor(x)[None]}).item() == pytest.approx(wanted, **SAME)


DRAWS = 200_000
CPU = torch.device("cpu")


def drawn(name, **options):
    """Return single entries of a law; one seed, many draws."""
    like = torch.zeros(1, 1, 1, dtype=torch.float64)
    noise, streams = NOISES[name](**options), Streams(0, 1, CPU)
    many = [noise.mean_of_batch(like.expand(1, DRAWS // 100, 1), 1, streams) for _ in range(100)]
    return torch.cat([one.flatten() for one in many]).numpy()


@pytest.mark.parametrize("p", [1.3, 1.7])
@pytest.mark.parametrize("name", ["stable", "skewed_stable"])
def test_a_stable_law_has_the_characteristic_function_of_its_formula(name, p):
    s, b = 0.7, 1.0
    options = {"skewness": b} if name == "skewed_stable" else {}
    xi = drawn(name, tail_index=p, noise_scale=s, **options)
    for t in (0.3, 1.0, -2.0):
        wanted = value_of(right_side(NOISES[name].formula), s=s, t=t, st=s * t, p=p, b=b, i=1j)
        assert abs(np.exp(1j * t * xi).mean() - wanted) < 5 / np.sqrt(DRAWS)


@pytest.mark.parametrize("p", [1.3, 1.8])
def test_isotropic_noise_mixes_gaussians_by_the_law_of_its_formula(p):
    """With A fixed an entry is normal of variance 2 s^2 A, so E cos(t xi) = E e^{-(s t)^2 A}."""
    s, seeds = 0.7, 20_000
    noise = NOISES["isotropic_stable"](tail_index=p, noise_scale=s)
    like = torch.zeros(seeds, 2, 2, dtype=torch.float64)
    xi = noise.mean_of_batch(like, 1, Streams(0, seeds, CPU))[:, 0, 1].numpy()
    for t in (0.5, 1.0, 3.0):
        wanted = value_of(noise.formula.rpartition("=")[2], scale=(s * t) ** 2, p=p)
        assert abs(np.cos(t * xi).mean() - wanted) < 5 / np.sqrt(seeds)


def test_pareto_noise_has_the_tail_of_its_formula():
    xi = np.abs(drawn("pareto", tail_index=1.5, noise_scale=2.0))
    for x in (0.5, 2.0, 20.0):
        wanted = value_of(right_side(NOISES["pareto"].formula), x=x, s=2.0, p=1.5)
        assert abs((xi > x).mean() - wanted) < 5 * np.sqrt(wanted / DRAWS)


def test_student_noise_has_the_density_of_its_formula():
    xi = drawn("student_t", tail_index=1.5, noise_scale=2.0)
    formula = NOISES["student_t"].formula.partition(r"\propto")[2]
    edges = np.linspace(-10, 10, 21)
    fine = np.linspace(-10, 10, 20 * 50 + 1)
    density = np.array([value_of(formula, x=x, s=2.0, p=1.5) for x in fine])
    weights = np.add.reduceat((density[1:] + density[:-1]) / 2, np.arange(0, 1000, 50))
    counts, _ = np.histogram(xi, edges)
    wanted = weights / weights.sum() * counts.sum()
    assert (np.abs(counts - wanted) < 5 * np.sqrt(wanted)).all()


def test_a_rare_spike_has_the_size_of_its_formula():
    noise = NOISES["rare_spike"](tail_index=1.5, noise_scale=2.0, rarity=0.25)
    found = noise.mean_of_batch(torch.zeros(500, 3, 3), 1, Streams(0, 500, CPU))
    formula = right_side(noise.formula).partition(r"\, e_k")[0].replace(r"\pm", "")
    wanted = value_of(formula, s=2.0, theta=0.25, p=1.5)
    sizes = found.abs().amax((1, 2))
    assert sizes[sizes > 0].numpy() == pytest.approx(wanted)
    assert (sizes > 0).double().mean().item() == pytest.approx(0.25, abs=5 * 0.02)


@pytest.mark.parametrize("transport", [0.0, 1.0])
@pytest.mark.parametrize("noiseless", [False, True])
@pytest.mark.parametrize("p", [1.2, 1.5, 2.0])
def test_an_exponent_is_what_its_formula_says(p, transport, noiseless):
    wanted = value_of(exponents.formula(transport, noiseless=noiseless), p=p)
    found = exponents.exponent(p, transport, noiseless=noiseless)
    assert found == pytest.approx(wanted, rel=1e-12)
    if transport == 1 and not noiseless:
        wanted = value_of(exponents.formula(1.0, rho_zero=True), p=p)
        assert exponents.rho_zero_exponent(p) == pytest.approx(wanted, rel=1e-12)


TESTED_OTHERWISE = {"gaussian", "none", "spike", "haar_spike"}


def test_no_formula_is_forgotten():
    """Laws whose formula names other laws are tested as such in tests/noise."""
    here = {"stable", "skewed_stable", "pareto", "student_t", "rare_spike", "isotropic_stable"}
    assert here | TESTED_OTHERWISE == set(NOISES)
    assert set(PROBLEMS) == {
        "log_cosh", "bounded", "quartic", "quadratic", "factorisation", "sensing", "logistic",
        "mlp", "chain", "deep_linear", "convnet", "char_gpt",
    }  # fmt: skip
