"""Checks of lessons: they certify an answer by what it must satisfy and never give it away."""

import re

import numpy as np
import pytest
import torch

from explorer import NORMS, RunSpec
from explorer.lesson import CHECKS, Verdict, certify_lmo, check


def svd_step(g):
    u, _, vh = torch.linalg.svd(g, full_matrices=False)
    return -(u @ vh)


def largest_entry(g):
    step = torch.zeros_like(g)
    place = divmod(int(g.abs().argmax()), g.shape[1])
    step[place] = -g[place].sign()
    return step


def raising(g):
    raise RuntimeError("a slip of the pen")


def smaller_far_away(g):
    return svd_step(g) * (0.5 if g.norm() > 100 else 1)


WRONG = {
    "identity": (lambda g: g, "the step is too long"),
    "sign step": (lambda g: -g.sign(), "the step is too long"),
    "normalised gradient": (lambda g: -g / g.norm(), "% short of"),
    "largest entry": (largest_entry, "% short of"),
    "uphill": (lambda g: -svd_step(g), "goes uphill"),
    "transposed": (lambda g: svd_step(g).mT, "for a gradient of shape (3, 5)"),
    "one number": (lambda g: g.sum(), "a tensor like it is wanted, got ()"),
    "no tensor": (lambda g: None, "a tensor like it is wanted, got NoneType"),
    "not finite": (lambda g: g * float("nan"), "the step is not finite"),
    "raising": (raising, "stopped with RuntimeError: a slip of the pen"),
    "no argument": (lambda: 1, "stopped with TypeError"),
    "not callable": (7, "a function of the gradient is wanted, got int"),
    "a tensor": (torch.eye(3), "a function of the gradient is wanted, got Tensor"),
    "None": (None, "a function of the gradient is wanted, got NoneType"),
    "smaller far away": (smaller_far_away, "a gradient a thousand times as long"),
    "zero": (lambda g: 0 * g, "% short of"),
}


def test_the_singular_vectors_are_right():
    verdict = check("00.1", svd_step)
    assert verdict
    assert verdict.right
    assert str(verdict).startswith("00.1 right: ")


def test_a_step_in_single_precision_is_right():
    assert check("00.1", lambda g: svd_step(g.float()).double())


def test_an_answer_may_write_into_its_argument():
    def in_place(g):
        return g.copy_(svd_step(g))

    def in_place_of_a_copy(g):
        return g.clone().copy_(svd_step(g))

    assert check("00.1", in_place)
    assert check("00.1", in_place_of_a_copy)


def test_three_dots_are_not_answered_yet():
    assert repr(check("00.1", ...)) == repr(check("00.1")) == "00.1 not answered yet."
    assert not check("00.1", ...)


@pytest.mark.parametrize(("answer", "reason"), WRONG.values(), ids=WRONG)
def test_a_wrong_answer_gets_its_own_reason(answer, reason):
    verdict = check("00.1", answer)
    assert verdict.right is False
    assert not verdict
    assert repr(verdict).startswith("00.1 not yet: ")
    assert reason in verdict.sentence
    assert "\n" not in verdict.sentence


def test_no_verdict_holds_a_number_of_the_answer():
    generator = torch.Generator().manual_seed(0)
    g = torch.randn((3, 5), generator=generator, dtype=torch.float64)
    expected = svd_step(g)
    numbers = [*expected.flatten().tolist(), float(torch.linalg.matrix_norm(g, "nuc"))]
    hidden = {f"{abs(number):.{digits}g}" for number in numbers for digits in (2, 3, 4)}
    for answer, _ in WRONG.values():
        sentence = check("00.1", answer).sentence.removeprefix("00.1")
        assert not hidden & set(re.findall(r"\d+\.\d+", sentence)), sentence
        assert "svd" not in sentence.lower()


def test_a_check_never_raises():
    class Awkward:
        def __call__(self, g):
            return self

        def __eq__(self, other):
            raise RuntimeError("not to be compared")

        __hash__ = None

    for answer in (Awkward(), Awkward, object(), "text", [], lambda *g: g, float("nan")):
        assert not check("00.1", answer)


def test_an_unknown_exercise_is_a_sentence_with_those_there_are():
    verdict = check("99.9", svd_step)
    assert not verdict
    assert "99.9 is no exercise" in verdict.sentence
    assert all(number in verdict.sentence for number in CHECKS)


def test_a_verdict_is_true_or_false_and_prints_its_sentence():
    assert bool(Verdict(True, "right.")) is True
    assert bool(Verdict(False, "not yet.")) is False
    assert repr(Verdict(False, "not yet.")) == "not yet."


@pytest.mark.parametrize("norm", NORMS)
def test_the_lmo_of_every_norm_certifies_itself(norm):
    assert certify_lmo(norm, NORMS[norm]().lmo)
    assert not certify_lmo(norm, lambda g: g)


def least_squares(calls, means):
    x, y = np.log(calls), np.log(means)
    x = x - x.mean()
    return (x @ y) / (x @ x)


RIGHT = {
    "06.1": 32,
    "06.2": RunSpec(tail_index=1.5, noise_level=5000.0),
    "06.3": least_squares,
    "06.4": "floor",
    "08.1": (2, 1),
    "08.2": RunSpec(problem="log_cosh(divide='rank')", columns=16, tail_index=2.0, seeds=16),
    "08.3": lambda r, p: r ** (1 - 1 / p),
    "08.4": "each method, some function",
}
NOT_YET = [
    ("06.1", 4, "draws that have a variance"),
    ("06.1", 8, "an average of such draws"),
    ("06.1", 16, "noise with a variance"),
    ("06.1", 7, "measure it"),
    ("06.1", "many", "a number is wanted, got 'many'"),
    ("06.2", RunSpec(tail_index=1.5), "no sentence of this run's notes"),
    ("06.2", RunSpec(tail_index=1.3, noise_level=5000.0), "but so does tail_index"),
    ("06.2", RunSpec(tail_index=1.5, horizon=100), "but so does horizon"),
    ("06.2", RunSpec(tail_index=1.5, noise="gaussian", noise_level=5000.0), "its tail must stay"),
    ("06.2", RunSpec(tail_index=1.5, batch_size=4, seeds=9), "but so does batch_size and seeds"),
    ("06.2", 3, "a RunSpec is wanted, got int"),
    ("06.3", lambda calls, means: np.polyfit(calls, means, 1)[0], "of the means themselves"),
    ("06.3", lambda c, m: np.log(m[-1] / m[0]) / np.log(c[-1] / c[0]), "first and the last"),
    ("06.3", lambda calls, means: -0.2, "another line has smaller squares"),
    ("06.3", 7, "a function of calls and means is wanted"),
    ("06.4", "rate", "cannot go on falling"),
    ("06.4", "who knows", "choose one of"),
    ("08.1", 2, "two numbers"),
    ("08.1", (4, 1), "both sides"),
    ("08.1", (2, 2), "the long side"),
    ("08.1", (8, 1), "double the sides"),
    ("08.1", [2, 3], "double the sides"),
    ("08.2", RIGHT["08.2"].replace(noise="spike", noise_scale=0.3), "hits few directions"),
    ("08.2", RIGHT["08.2"].replace(noise="haar_spike"), "hits few directions"),
    ("08.2", RIGHT["08.2"].replace(noise_scale=0.3), "another size for every number of rows"),
    ("08.2", RIGHT["08.2"].replace(noise_scale=1e-6), "another size for every number of rows"),
    ("08.2", RIGHT["08.2"].replace(noise_level=1e-3), "no batch is tuned"),
    ("08.2", RIGHT["08.2"].replace(momentum=0.5), "but so does momentum"),
    ("08.2", RunSpec(), "divided by its rank"),
    ("08.3", lambda r, p: r, "K grows more slowly"),
    ("08.3", lambda r, p: r**0.5, "by another factor"),
    ("08.4", "One function, all methods", "needs no call at all"),
]


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        ("06.2", RunSpec(tail_index=1.5, noise="skewed_stable", noise_level=5000.0)),
        ("08.1", [2, 1]),
        ("08.2", RIGHT["08.2"].replace(noise="gaussian")),
        ("08.2", RIGHT["08.2"].replace(tail_index=1.6)),
    ],
    ids=str,
)
def test_there_is_more_than_one_right_answer(number, answer):
    assert check(number, answer), check(number, answer).sentence


@pytest.mark.parametrize("number", RIGHT)
def test_a_right_answer_is_right(number):
    verdict = check(number, RIGHT[number])
    assert verdict, verdict.sentence
    assert verdict.sentence.startswith(f"{number} right")


@pytest.mark.parametrize(
    ("number", "answer", "hint"), NOT_YET, ids=[f"{number}-{hint}" for number, _, hint in NOT_YET]
)
def test_a_known_wrong_answer_is_told_what_it_stands_for(number, answer, hint):
    verdict = check(number, answer)
    assert not verdict
    assert hint in verdict.sentence
    assert verdict.sentence.endswith(".")


def test_no_verdict_on_a_word_holds_the_word():
    for number in ("06.4", "08.4"):
        for given, answer, _ in NOT_YET:
            if given == number and answer != "who knows":  # which is told all choices
                assert RIGHT[number] not in check(number, answer).sentence


def test_no_verdict_on_a_number_holds_the_number():
    for answer in (2, 4, 16, 7, 64, "x"):
        assert "32" not in check("06.1", answer).sentence
