"""The bound: one recursion that implies every closed form, and says why where it does not hold."""

import numpy as np
import pytest

from explorer.theory._constants import Constants
from explorer.theory.bound import Bound, unmet

EXACT = 1e-12  # float64, sums of at most a few thousand terms of one sign
CONSTANTS = Constants(smoothness=4.0, hessian_smoothness=3.0, gap=1.7, noise=2.5, moment=1.6)
PAIRS = [(0.0, 1), (0.5, 1), (0.9, 4), (0.99, 16)]  # momentum, batch size
LENGTHS = [1, 2, 50, 2000]


def bounds(constants, transport, *, lr, momentum, batch_size, steps, coefficient=None):
    """The bound after each of ``steps`` steps with constant parameters."""
    bound = Bound(constants, transport)
    c = transport * momentum / (1 - momentum) if coefficient is None else coefficient
    return np.array([bound.advance(lr, momentum, batch_size, c) for _ in range(steps)])


def mean_noise(constants, momentum, batch_size, steps):
    """Mean of n_t, from the closed form of v_t: a stationary part and the start, forgotten."""
    p = constants.moment
    stationary = (1 - momentum) ** p / (1 - momentum**p)
    v = stationary + (1 - stationary) * momentum ** (p * np.arange(steps))
    return constants.noise * np.mean((batch_size ** (1 - p) * v) ** (1 / p))


def printed(constants, transport, *, lr, momentum, batch_size, steps, share=1.0):
    """The closed forms (A) and (B); ``share`` multiplies the bias."""
    smoothness, rho, gap, _, _ = constants
    beta = momentum
    if transport:
        bias = rho * lr**2 * beta / (1 - beta) ** 2
    else:
        bias = 2 * smoothness * lr * beta / (1 - beta)
    descent = gap / (lr * steps) + smoothness * lr / 2
    return descent + share * bias + 2 * mean_noise(constants, beta, batch_size, steps)


@pytest.mark.parametrize("steps", LENGTHS)
@pytest.mark.parametrize(("momentum", "batch_size"), PAIRS)
@pytest.mark.parametrize("transport", [0.0, 1.0])
def test_constant_parameters_give_the_closed_form_with_its_start(
    transport, momentum, batch_size, steps
):
    choice = {"lr": 0.03, "momentum": momentum, "batch_size": batch_size, "steps": steps}
    # b_0 = 0 and b_t = b (1 - beta^t): the mean over t < T of what is in brackets
    start = 1 - (1 - momentum**steps) / (steps * (1 - momentum))
    closed = printed(CONSTANTS, transport, **choice, share=start)
    assert bounds(CONSTANTS, transport, **choice)[-1] == pytest.approx(closed, rel=EXACT)


@pytest.mark.parametrize("steps", LENGTHS)
@pytest.mark.parametrize(("momentum", "batch_size"), PAIRS)
@pytest.mark.parametrize("transport", [0.0, 1.0])
def test_the_recursion_is_never_above_the_closed_form_as_printed(
    transport, momentum, batch_size, steps
):
    choice = {"lr": 0.03, "momentum": momentum, "batch_size": batch_size, "steps": steps}
    as_printed = printed(CONSTANTS, transport, **choice)
    assert bounds(CONSTANTS, transport, **choice)[-1] <= as_printed * (1 + EXACT)


def test_three_steps_by_hand_with_everything_changing():
    smoothness, rho, gap, noise, p = CONSTANTS
    lr, beta, batch, c = (0.5, 0.4, 0.2), (0.7, 0.6, 0.8), (1, 2, 4), (9.0, 1.1, 0.3)
    bias, v = [0.0], [1.0]  # the first momentum and coefficient count as 0
    for t in (1, 2):
        linear = (beta[t] - c[t] * (1 - beta[t])) * smoothness * lr[t - 1]
        quadratic = rho / 2 * lr[t - 1] ** 2 * (1 - beta[t]) * (c[t] + c[t] ** 2)
        bias.append(beta[t] * bias[-1] + linear + quadratic)
        v.append(beta[t] ** p * v[-1] + (1 - beta[t]) ** p * batch[t] ** (1 - p))
    errors = [b + noise * x ** (1 / p) for b, x in zip(bias, v, strict=True)]
    total = gap + sum(smoothness * e**2 / 2 + 2 * e * x for e, x in zip(lr, errors, strict=True))
    bound = Bound(CONSTANTS, 1.0)
    last = [bound.advance(*four) for four in zip(lr, beta, batch, c, strict=True)][-1]
    assert last == pytest.approx(total / sum(lr), rel=EXACT)


@pytest.mark.parametrize("tau", [0.0, 0.3, 1.0])
def test_a_fraction_of_transport_removes_that_fraction_of_the_bias_on_a_constant_hessian(tau):
    exact = CONSTANTS._replace(hessian_smoothness=0.0)
    choice = {"lr": 0.03, "momentum": 0.9, "batch_size": 1, "steps": 300}
    plain, none = bounds(exact, 0.0, **choice), bounds(exact, 1.0, **choice)
    np.testing.assert_allclose(
        bounds(exact, tau, **choice), (1 - tau) * plain + tau * none, rtol=EXACT
    )


def test_a_cap_of_zero_is_no_transport_and_a_loose_one_is_full_transport():
    choice = {"lr": 0.03, "momentum": 0.9, "batch_size": 1, "steps": 300}
    plain, full = bounds(CONSTANTS, 0.0, **choice), bounds(CONSTANTS, 1.0, **choice)
    np.testing.assert_array_equal(bounds(CONSTANTS, 1.0, **choice, coefficient=0.0), plain)
    np.testing.assert_allclose(
        bounds(CONSTANTS, 1.0, **choice, coefficient=0.9 / (1 - 0.9)), full, rtol=EXACT
    )
    flat = CONSTANTS._replace(hessian_smoothness=1e-6)
    between = bounds(flat, 1.0, **choice, coefficient=3.0)[1:]
    assert (between < bounds(flat, 0.0, **choice)[1:]).all()
    assert (between > bounds(flat, 1.0, **choice)[1:]).all()


@pytest.mark.parametrize(
    "name", ["smoothness", "hessian_smoothness", "gap", "noise"], ids=["L", "rho", "gap", "K"]
)
def test_a_harder_problem_has_a_larger_bound(name):
    choice = {"lr": 0.03, "momentum": 0.9, "batch_size": 2, "steps": 100}
    harder = CONSTANTS._replace(**{name: 1.5 * getattr(CONSTANTS, name)})
    easy, hard = bounds(CONSTANTS, 1.0, **choice), bounds(harder, 1.0, **choice)
    assert (hard[1:] > easy[1:]).all()
    assert hard[0] >= easy[0]


@pytest.mark.parametrize("p", [1.3, 1.5, 2.0])
def test_long_momentum_averages_better_than_the_batch_of_its_window(p):
    constants = Constants(1e-12, 0.0, gap=1e-12, noise=1.0, moment=p)
    window, steps = 500, 100_000
    batch = bounds(constants, 0.0, lr=1.0, momentum=0.0, batch_size=window, steps=2)[-1]
    beta = 1 - 1 / window
    bound = Bound(constants)
    sums = [steps_done * bound.advance(1.0, beta, 1, 0.0) for steps_done in range(1, steps + 1)]
    ratio = (sums[-1] - sums[-2]) / batch  # of the last step's noise alone
    # beta is not quite 1: (1 - beta^p) / (p (1 - beta)) differs from 1 by about 1/W
    assert ratio == pytest.approx(p ** (-1 / p), rel=2 / window)


def test_a_transported_bound_without_rho_is_refused_with_the_way_out():
    with pytest.raises(ValueError, match=r"hessian_smoothness, got None; .* choose transport=0"):
        Bound(CONSTANTS._replace(hessian_smoothness=None), 0.5)
    Bound(CONSTANTS._replace(hessian_smoothness=None), 0.0)


FINE = {
    "network": False,
    "lmo_method": True,
    "noise_constant": True,
    "transport": 1.0,
    "smooth": True,
    "hessian_smoothness": 0.0,
    "constrained": False,
}


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ({"network": True}, "a network's L, rho, gap and noise constant are unknown"),
        ({"smooth": False}, "has no L and no theorem is about it"),
        ({"lmo_method": False}, "steps of size lr along an LMO, which this optimizer"),
        ({"noise_constant": False}, "the constant K of this noise is unknown"),
        ({"hessian_smoothness": None}, "transport needs a Lipschitz Hessian, and rho is unknown"),
        ({"constrained": True}, "unconstrained steps"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_every_reason_for_no_bound_is_one_sentence(change, because):
    assert unmet(**FINE) is None
    sentence = unmet(**(FINE | change))
    assert sentence.startswith("no bound drawn: ")
    assert because in sentence
    assert sentence.endswith(".")
    assert sentence.count(". ") == 0


def test_plain_runs_have_a_bound_where_rho_is_unknown():
    assert unmet(**(FINE | {"transport": 0.0, "hessian_smoothness": None})) is None


@pytest.mark.parametrize(
    ("constants", "transport", "exponent"),
    [
        (CONSTANTS, 0.0, -0.6 / 2.8),
        (CONSTANTS, 0.5, -0.6 / 2.8),
        (CONSTANTS, 1.0, -1.2 / 5.0),
        (CONSTANTS._replace(hessian_smoothness=0.0), 1.0, -0.6 / 1.6),
        (CONSTANTS._replace(noise=0.0), 1.0, -0.5),
        (CONSTANTS._replace(noise=0.0, hessian_smoothness=0.0), 1.0, -0.5),
    ],
)
def test_a_bound_knows_the_exponent_of_its_class(constants, transport, exponent):
    assert Bound(constants, transport).exponent == pytest.approx(exponent, rel=EXACT)
