"""Schedules: tuned to the bound they are drawn beside, at one horizon or at every one."""

from math import sqrt

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar

from explorer.theory import schedules
from explorer.theory._constants import Constants
from explorer.theory.schedules import (
    Anytime,
    largest_transported_batch,
    make_schedule,
    noise_constant_of_level,
    positive_root,
    transported_window,
    tune,
    tuned_batch,
    tuned_for,
    window,
)

EXACT = 1e-12  # float64, a few powers
LEADING_ORDER = 1.05  # the tuning drops terms of lower order, and loses 5 % by it at most
MOMENTS = [1.3, 1.6, 2.0]


def constants(p=1.6, *, rho=3.0, level=20.0):
    unscaled = Constants(smoothness=4.0, hessian_smoothness=rho, gap=1.7, noise=0.0, moment=p)
    noise = noise_constant_of_level(unscaled, level) if level else 0.0
    return unscaled._replace(noise=noise)


def closed_form(known, calls, batch_size, transport, lr, beta):
    """The bounds (A) and (B) of constant parameters, with the noise's stationary level."""
    smoothness, rho, gap, noise, p = known
    bias = rho * lr**2 * beta / (1 - beta) ** 2 if transport else 0.0
    bias += 0.0 if transport else 2 * smoothness * lr * beta / (1 - beta)
    v = (1 - beta) ** p / (1 - beta**p) * batch_size ** (1 - p)
    descent = gap * batch_size / (lr * calls) + smoothness * lr / 2
    return descent + bias + 2 * noise * v ** (1 / p)


@pytest.mark.parametrize("p", MOMENTS)
@pytest.mark.parametrize("calls", [1e4, 1e6, 1e8])
@pytest.mark.parametrize("transport", [0.0, 1.0])
def test_tuned_parameters_are_within_five_per_cent_of_the_best(p, calls, transport):
    known = constants(p)
    lr, beta, w = tune(known, calls, 1, transport)

    def at(logs):
        return closed_form(known, calls, 1, transport, np.exp(logs[0]), 1 - np.exp(-logs[1]))

    best = minimize(at, [np.log(lr), np.log(w)], method="Nelder-Mead", options={"maxiter": 4000})
    assert closed_form(known, calls, 1, transport, lr, beta) <= LEADING_ORDER * best.fun


@pytest.mark.parametrize("p", MOMENTS)
@pytest.mark.parametrize("calls", [1e4, 1e6, 1e8])
def test_the_batch_window_is_within_five_per_cent_of_the_best_batch(p, calls):
    known = constants(p)

    def best_over_lr(batch):
        lr = sqrt(2 * known.gap * batch / (known.smoothness * calls))
        return closed_form(known, calls, batch, 0.0, lr, 0.0)

    w = window(known, calls, batched=True)
    best = minimize_scalar(lambda log: best_over_lr(np.exp(log)), bounds=(0, np.log(calls)))
    assert best_over_lr(w) <= LEADING_ORDER * best.fun


@pytest.mark.parametrize("transport", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("momentum", [0.0, 0.7, 0.98])
def test_for_a_given_momentum_the_step_size_is_the_best(momentum, transport):
    known = constants()
    lr, beta, _ = tune(known, 1e5, 4, transport, momentum=momentum)
    assert beta == momentum
    full = float(transport == 1)  # a fraction is tuned like no transport
    best = minimize_scalar(
        lambda log: closed_form(known, 1e5, 4, full, np.exp(log), momentum),
        bounds=(np.log(lr) - 3, np.log(lr) + 3),
        options={"xatol": 1e-9},
    )
    assert lr == pytest.approx(np.exp(best.x), rel=1e-6)  # scipy's precision on a flat minimum


@pytest.mark.parametrize("p", MOMENTS)
@pytest.mark.parametrize("level", [1.0, 20.0, 300.0])
def test_at_a_thousand_calls_the_batch_window_is_the_noise_level(p, level):
    assert window(constants(p, level=level), 1000, batched=True) == pytest.approx(level, rel=EXACT)


# by the lr, the window W and B = 1, without what is small for large N: descent, bias, noise
LEADING_TERMS = {
    "batch": lambda k, n, lr, w: k.gap * w / (lr * n) + k.smoothness * lr / 2,
    "momentum": lambda k, n, lr, w: k.gap / (lr * n) + 2 * k.smoothness * lr * w,
    "transport": lambda k, n, lr, w: k.gap / (lr * n) + k.hessian_smoothness * (lr * w) ** 2,
}
WINDOWS = {
    "batch": lambda k, n: window(k, n, batched=True),
    "momentum": lambda k, n: window(k, n, batched=False),
    "transport": transported_window,
}


@pytest.mark.parametrize("p", MOMENTS)
@pytest.mark.parametrize("mode", WINDOWS)
def test_a_window_minimises_the_leading_terms_it_comes_from(mode, p):
    known, calls = constants(p), 1e6
    w = WINDOWS[mode](known, calls)

    def at(logs):
        lr, size = np.exp(logs)
        noise = 2 * known.noise * size ** (1 / p - 1)
        return LEADING_TERMS[mode](known, calls, lr, size) + noise

    start = [np.log(tune(known, calls, 1).lr), np.log(w) + 0.5]
    best = minimize(at, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-15})
    assert np.exp(best.x[1]) == pytest.approx(w, rel=1e-5)  # scipy's precision on a flat minimum


@pytest.mark.parametrize("assumed", [1.2, 1.6, 2.0])
def test_a_window_tuned_for_another_moment_starts_right_and_grows_as_that_moment_says(assumed):
    true = Constants(2.0, 1.0, 3.0, noise=5.0, moment=1.4)
    wrong = tuned_for(true, assumed)
    at, later = (window(wrong, calls, batched=True) for calls in (1e3, 1e5))
    assert at == pytest.approx(window(true, 1e3, batched=True))
    assert later / at == pytest.approx(100 ** (1 / (2 * (1 - 1 / assumed) + 1)))
    assert tuned_for(true, 1.4) == pytest.approx(true)
    assert tuned_for(true._replace(noise=0.0), assumed).noise == 0


@pytest.mark.parametrize("p", MOMENTS)
def test_momentum_has_a_shorter_window_by_a_known_factor(p):
    q = 1 - 1 / p
    ratio = window(constants(p), 1e5, batched=False) / window(constants(p), 1e5, batched=True)
    assert ratio == pytest.approx(2 ** (-2 / (2 * q + 1)), rel=EXACT)


def test_windows_grow_with_the_noise_and_the_horizon_and_vanish_without_noise():
    weak, strong = constants(level=10), constants(level=20)
    for w in (lambda k, n: window(k, n, batched=False), transported_window):
        assert w(strong, 1e5) > w(weak, 1e5)
        assert w(weak, 1e6) > w(weak, 1e5)
        assert w(constants(level=0), 1e5) == 0
    assert tune(constants(level=0), 1e5, 8).momentum == 0


def test_the_largest_transported_batch_makes_the_first_order_term_half_of_the_cubic_one():
    known, calls = constants(), 1e9
    smoothness, rho, gap, _, _ = known
    batch, w = largest_transported_batch(known, calls), transported_window(known, calls)
    lr = batch / w * (gap * w / (2 * rho * calls)) ** (1 / 3)  # of the cubic term alone
    cubic, square = 2 * rho * (w / batch) ** 2 * lr**3, smoothness / 2 * lr**2
    assert square == pytest.approx(cubic / 2, rel=EXACT)


@pytest.mark.parametrize("cubic", [0.0, 1e-12, 1.0, 1e12])
@pytest.mark.parametrize("square", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("target", [1e-9, 1.0, 1e9])
def test_the_positive_root_is_positive_and_a_root(cubic, square, target):
    x = positive_root(cubic, square, target)
    assert x > 0
    assert cubic * x**3 + square * x**2 == pytest.approx(target, rel=1e-9)


@pytest.mark.parametrize("transport", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("batch_size", [1, 8])
def test_anytime_is_the_tuning_of_every_horizon_where_nothing_is_clipped(transport, batch_size):
    known = constants()
    anytime = Anytime(known, transport)
    for calls in (1e4, 1e5, 1e6):
        lr, momentum, w = tune(known, calls, batch_size, transport)
        assert batch_size < w < calls / 4, "the comparison is about what is not clipped"
        assert anytime(int(calls), batch_size) == (lr, momentum)
        horizon = make_schedule(
            "horizon", known, horizon=int(calls), batch_size=batch_size, transport=transport
        )
        assert horizon(int(calls), batch_size) == pytest.approx((lr, momentum), rel=EXACT)


def test_transport_looks_back_over_a_quarter_of_the_past_at_most():
    strong = constants(level=900.0)
    for calls in (10, 100, 1000):
        assert Anytime(strong, 1.0)(calls, 1).momentum == pytest.approx(1 - 4 / calls, rel=EXACT)
        assert Anytime(strong, 0.0)(calls, 1).momentum > 1 - 4 / calls


@pytest.mark.parametrize("name", ["anytime", "horizon", "constant", "linear"])
@pytest.mark.parametrize("transport", [0.0, 1.0])
@pytest.mark.parametrize("rho", [0.0, 3.0])
def test_the_first_step_has_no_past_and_every_step_a_size(name, transport, rho):
    schedule = make_schedule(
        name, constants(rho=rho), horizon=1000, batch_size=4, transport=transport
    )
    steps = [schedule(4 * (t + 1), 4) for t in range(250)]
    assert steps[0].momentum == 0
    assert any(step.momentum > 0 for step in steps)
    assert all(0 < step.lr < np.inf and 0 <= step.momentum < 1 for step in steps)


@pytest.mark.parametrize("name", ["anytime", "horizon", "constant", "linear"])
@pytest.mark.parametrize("transport", [0.0, 1.0])
@pytest.mark.parametrize("rho", [0.0, 3.0])
def test_a_given_step_size_or_momentum_replaces_the_schedules(name, transport, rho):
    known, given = constants(rho=rho), {"horizon": 1000, "batch_size": 4, "transport": transport}
    own = make_schedule(name, known, **given)(1000, 4)
    with_lr = make_schedule(name, known, lr=0.123, **given)
    shrunk = 1 / 250 if name == "linear" else 1.0
    assert with_lr(1000, 4).lr == pytest.approx(0.123 * shrunk, rel=EXACT)
    assert with_lr(1000, 4).momentum == own.momentum
    with_momentum = make_schedule(name, known, momentum=0.321, **given)
    assert with_momentum(1000, 4).momentum == 0.321
    assert with_momentum(4, 4).momentum == 0


def test_a_given_momentum_leaves_the_step_size_tuned_to_it():
    known = constants()
    schedule = make_schedule("horizon", known, horizon=1000, batch_size=4, momentum=0.5)
    assert schedule(1000, 4).lr == tune(known, 1000, 4, momentum=0.5).lr
    assert schedule(1000, 4).lr != tune(known, 1000, 4).lr


def test_constant_is_constant_and_linear_falls_to_nought_after_the_last_step():
    known, given = constants(), {"horizon": 100, "batch_size": 10}
    constant = make_schedule("constant", known, **given)
    linear = make_schedule("linear", known, **given)
    first = constant(10, 10).lr
    assert [constant(calls, 10).lr for calls in range(10, 101, 10)] == [first] * 10
    falling = [linear(calls, 10).lr / first for calls in range(10, 101, 10)]
    assert falling == pytest.approx([1 - t / 10 for t in range(10)], rel=EXACT)


@pytest.mark.parametrize("name", ["anytime", "horizon", "constant"])
def test_on_a_constant_hessian_transport_averages_the_whole_past(name):
    known = constants(rho=0.0)
    schedule = make_schedule(name, known, horizon=1000, batch_size=4, transport=1.0)
    for step in (1, 10, 249):
        lr, momentum = schedule(4 * (step + 1), 4)
        assert momentum == pytest.approx(step / (step + 1), rel=EXACT)
        steps = step + 1 if name == "anytime" else 250
        assert lr == pytest.approx(sqrt(2 * known.gap / (known.smoothness * steps)), rel=EXACT)


def test_transport_tuned_to_a_horizon_takes_its_start_up_noise_out():
    schedule = make_schedule("horizon", constants(), horizon=10_000, batch_size=1, transport=1.0)
    momenta = [schedule(t + 1, 1).momentum for t in range(10_000)]
    assert momenta[:3] == pytest.approx([0, 1 / 2, 2 / 3], rel=EXACT)
    assert momenta[-1] == tune(constants(), 10_000, 1, 1.0).momentum
    plain = make_schedule("horizon", constants(), horizon=10_000, batch_size=1)
    assert plain(2, 1).momentum == plain(10_000, 1).momentum


@pytest.mark.parametrize("name", schedules.SCHEDULES)
def test_nothing_is_tuned_where_the_constants_are_unknown(name):
    if name in ("anytime", "horizon"):
        given = [{}, {"lr": 0.1}, {"lr": 0.1, "momentum": 0.9}]
    else:
        given = [{}, {"lr": 0.1}, {"momentum": 0.9}]
    for choice in given:
        with pytest.raises(ValueError, match=f"schedule '{name}' must tune .* give schedule="):
            make_schedule(name, None, horizon=10, batch_size=1, **choice)


def test_the_batch_of_a_sweep_is_the_window_or_what_transport_bears():
    known = constants()
    assert tuned_batch(known, 1000, 1, 0.0) == 20
    assert tuned_batch(known, 10, 1, 0.0) <= 10
    assert tuned_batch(constants(level=0), 1000, 5, 0.0) == 1
    batch = tuned_batch(known, 10**9, 1, 1.0)
    most = min(largest_transported_batch(known, 1e9) / 2, transported_window(known, 1e9) / 16)
    assert 1 < batch <= most < batch + 1
    assert tuned_batch(known, 1000, 5, 1.0) == 1
    assert tuned_batch(constants(rho=0.0), 1000, 5, 1.0) == 5
