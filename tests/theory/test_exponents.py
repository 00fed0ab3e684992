"""The exponents: their values, and the fall of the bound itself at tuned horizons."""

import re

import numpy as np
import pytest

from explorer.theory._constants import Constants
from explorer.theory.exponents import exponent, formula, rho_zero_exponent
from explorer.theory.schedules import noise_constant_of_level, tune, tuned_batch

EXACT = 1e-15  # a quotient of two small numbers
# From 1e8 calls on the terms of lower order are small; at p = 1.3 the last of them fades slowly.
LEADING = 0.008
HORIZONS = np.geomspace(1e8, 1e12, 9)


def constants(p):
    unscaled = Constants(smoothness=4.0, hessian_smoothness=3.0, gap=1.7, noise=0.0, moment=p)
    return unscaled._replace(noise=noise_constant_of_level(unscaled, 20))


def closed_form(known, calls, batch_size, transport):
    """The bound (A) or (B) at the tuned parameters, with the noise's stationary level."""
    lr, beta, _ = tune(known, calls, batch_size, transport)
    smoothness, rho, gap, noise, p = known
    bias = rho * lr**2 * beta / (1 - beta) ** 2 if transport else 2 * smoothness * lr * beta
    bias = bias if transport else bias / (1 - beta)
    v = (1 - beta) ** p / (1 - beta**p) * batch_size ** (1 - p)
    descent = gap * batch_size / (lr * calls) + smoothness * lr / 2
    return descent + bias + 2 * noise * v ** (1 / p)


def slope(values):
    return np.polyfit(np.log(HORIZONS), np.log(values), 1)[0]


@pytest.mark.parametrize("p", [1.3, 1.6, 2.0])
@pytest.mark.parametrize("transport", [0.0, 1.0])
def test_the_bound_at_tuned_horizons_falls_with_the_exponent(p, transport):
    values = [closed_form(constants(p), calls, 1, transport) for calls in HORIZONS]
    assert slope(values) == pytest.approx(exponent(p, transport), abs=LEADING)


@pytest.mark.parametrize("p", [1.3, 1.6, 2.0])
@pytest.mark.parametrize("transport", [0.0, 1.0])
def test_the_batch_of_a_sweep_keeps_the_exponent(p, transport):
    known = constants(p)
    values = [
        closed_form(known, calls, tuned_batch(known, int(calls), 1, transport), transport)
        for calls in HORIZONS
    ]
    assert slope(values) == pytest.approx(exponent(p, transport), abs=LEADING)


@pytest.mark.parametrize(
    ("p", "plain", "transported", "exact"),
    [(2.0, -1 / 4, -2 / 7, -1 / 2), (1.5, -1 / 5, -2 / 9, -1 / 3), (1.2, -1 / 8, -2 / 15, -1 / 6)],
)
def test_exponents_have_the_values_of_the_abstract(p, plain, transported, exact):
    assert exponent(p) == pytest.approx(plain, rel=1e3 * EXACT)
    assert exponent(p, 1.0) == pytest.approx(transported, rel=1e3 * EXACT)
    assert rho_zero_exponent(p) == pytest.approx(exact, rel=1e3 * EXACT)


def test_a_fraction_of_transport_has_the_plain_exponent_and_no_noise_has_a_half():
    assert exponent(1.6, 0.99) == exponent(1.6)
    assert exponent(1.6, noiseless=True) == exponent(1.6, 1.0, noiseless=True) == -0.5


@pytest.mark.parametrize(
    ("choice", "value"),
    [
        ({}, exponent(1.6)),
        ({"transport": 0.5}, exponent(1.6)),
        ({"transport": 1.0}, exponent(1.6, 1.0)),
        ({"transport": 1.0, "rho_zero": True}, rho_zero_exponent(1.6)),
        ({"transport": 1.0, "noiseless": True, "rho_zero": True}, -0.5),
    ],
)
def test_the_formula_drawn_is_the_number_drawn(choice, value):
    latex = formula(**choice)
    top, bottom = latex.removeprefix(r"-\frac{").removesuffix("}").split("}{")
    numbers = [eval(re.sub(r"(?<=\d)p", "*p", part), {"p": 1.6}) for part in (top, bottom)]
    assert -numbers[0] / numbers[1] == pytest.approx(value, rel=1e3 * EXACT)
