"""Surveys of noise: laws in closed form, exact means, slopes of medians, and what is refused."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from scipy import stats

from explorer.noise._streams import Streams
from explorer.run import _pieces
from explorer.run._pieces import pieces_of_means, pieces_of_sizes
from explorer.run.experiment import Experiment
from explorer.run.noise_survey import NoiseSurvey, Survey, has_survey, survey_noise
from explorer.run.spec import RunSpec

ERRORS = 4  # standard errors that a mean may be off by
OF_K = 0.004  # share of K that its own draws may be off by
TINY = RunSpec(rows=2, columns=3, noise_scale=2.0, device="cpu")


def change(noise, p=None, **fields):
    return TINY.replace(noise=noise, **({} if p is None else {"tail_index": p}), **fields)


@pytest.fixture(scope="module")
def pareto():
    return survey_noise(change("pareto", 1.8))


@pytest.fixture(scope="module")
def rare():
    return survey_noise(change("rare_spike", 1.3))


def laws():
    def stable(p, skewness=0.0):
        law = stats.levy_stable(p, skewness, scale=2.0)
        weight = 2 / math.pi * math.gamma(p) * math.sin(math.pi * p / 2) * 2.0**p
        # farther out scipy's quadrature gives 0, and the first term is the whole to 0.1 %
        return lambda x: np.where(x < 400, law.sf(x) + law.cdf(-x), weight * x**-p)

    return {
        ("gaussian", None): lambda x: 2 * stats.norm.sf(x / 2),
        ("stable", 2.0): lambda x: 2 * stats.norm.sf(x / 8**0.5),
        ("stable", 1.3): stable(1.3),
        ("isotropic_stable", 1.6): stable(1.6),
        ("skewed_stable", 1.6): stable(1.6, 1.0),
        ("pareto", 1.3): lambda x: (1 + x / 2) ** -1.3,
        ("student_t", 1.6): lambda x: 2 * stats.t(1.6).sf(x / 2),
        ("spike", 1.6): stable(1.6),
        ("haar_spike", 1.3): stable(1.3),
    }


@pytest.mark.parametrize(("noise", "p"), laws())
def test_the_survival_function_is_the_laws_own_at_every_depth(noise, p):
    surveying = Survey(change(noise, p))
    while not len(surveying.survey.sizes):
        surveying.advance()
    survey = surveying.survey
    assert survey.drawn == 2**18
    assert survey.survival[0] == pytest.approx(0.95, abs=1e-3)
    assert survey.survival[-1] == pytest.approx(3.5 / 2**18)
    at = np.searchsorted(-survey.survival, -np.array([0.9, 0.5, 0.1, 1e-2, 1e-3, 1e-4]))
    wanted = laws()[noise, p](survey.sizes[at])
    errors = np.sqrt(wanted * (1 - wanted) / survey.drawn)
    assert (np.abs(survey.survival[at] - wanted) <= ERRORS * errors).all()


@pytest.mark.parametrize(("noise", "p"), [("pareto", 1.3), ("stable", 1.3), ("spike", 1.3)])
def test_the_tail_has_the_slope_and_the_weight_of_the_law(noise, p):
    survey = survey_noise(change(noise, p))
    low, high = survey.tail_fit.interval
    assert survey.tail_kind == "exact"
    assert survey.tail == survey.noise.power_tail()
    assert abs(survey.tail_fit.value + p) <= ERRORS / 1.96 * (high - low) / 2
    far = (survey.survival > 1e-3) & (survey.survival < 4e-3)
    beside = survey.survival[far] / (survey.tail * survey.sizes[far] ** -p)
    # 262 draws lie beyond the last of them; the next term of the law is a few per cent here
    assert (np.abs(beside - 1) < ERRORS / 262**0.5).all()


@pytest.mark.parametrize("noise", ["gaussian", "stable", "skewed_stable"])
def test_light_tails_have_no_power_law_and_say_so(noise):
    survey = survey_noise(change(noise, 1.6 if noise == "gaussian" else 2.0))
    assert survey.exponent == -0.5
    assert (survey.tail_kind, survey.tail) == ("none", 0)
    assert survey.tail_fit.value < -5
    assert "this law has no power tail" in survey.sentence
    assert not any("medians" in note for note in survey.notes)


def test_a_tail_of_unknown_weight_goes_through_a_quantile_and_says_so():
    known = survey_noise(change("pareto", 1.3))

    class Unknown(type(known.noise)):
        def power_tail(self):
            return None

    noise = Unknown(tail_index=1.3, noise_scale=known.noise.noise_scale)
    survey = dataclasses.replace(known, noise=noise)
    assert survey.tail_kind == "anchored"
    assert survey.tail == pytest.approx(known.tail, rel=0.2)
    at = (survey.tail * 256) ** (1 / 1.3)
    depth = np.interp(np.log(at), np.log(survey.sizes), np.log(survey.survival))
    assert depth == pytest.approx(-np.log(256))
    assert "anchored tail" in survey.sentence
    assert any("quantile of probability 1/256" in note for note in survey.notes)


@pytest.mark.parametrize("norm", ["sign", "spectral", "frobenius"])
@pytest.mark.parametrize("noise", ["gaussian", "stable", "isotropic_stable", "skewed_stable"])
def test_the_mean_of_an_exact_law_is_k_times_the_power_of_b(noise, norm):
    survey = survey_noise(change(noise, 2.0, norm=norm))
    assert survey.exact
    assert survey.norms.shape == (7, 512)
    errors = survey.norms.std(1) / 512**0.5
    assert (abs(survey.means - survey.bound) <= ERRORS * errors + OF_K * survey.bound).all()
    least, most = survey.mean_intervals
    assert (least < survey.means).all()
    assert (survey.means < most).all()


@pytest.mark.parametrize("p", [1.1, 1.5, 1.9])
@pytest.mark.parametrize("noise", ["stable", "isotropic_stable", "skewed_stable"])
def test_medians_of_laws_closed_under_sums_have_the_exponent(noise, p):
    survey = survey_noise(change(noise, p))
    low, high = survey.fitted.interval
    assert abs(survey.fitted.value - survey.exponent) <= ERRORS / 1.96 * (high - low) / 2
    assert high - low < 0.06
    assert survey.exponent == 1 / p - 1


@pytest.mark.parametrize(("noise", "p"), [("pareto", 1.8), ("student_t", 1.8), ("spike", 2.0)])
def test_means_of_other_laws_are_below_their_bound(noise, p):
    survey = survey_noise(change(noise, p))
    assert not survey.exact
    errors = survey.norms.std(1) / 512**0.5
    assert (survey.means <= survey.bound + ERRORS * errors).all()
    assert "upper bound on the mean" in survey.sentence


def test_a_pareto_survey_is_flatter_than_the_exponent_and_says_both(pareto):
    low, high = pareto.fitted.interval
    assert low > pareto.exponent + 0.03
    assert f"slope of the medians {pareto.fitted.value:.3f} [{low:.3f}, {high:.3f}]" in str(pareto)
    assert f"exponent -(1-1/p) = {pareto.exponent:.3f}" in str(pareto)
    least, most = pareto.slope_range
    assert least < pareto.fitted.value < most
    assert f"{least:.3f} to {most:.3f} without one B" in str(pareto)
    assert any("medians" in note for note in pareto.notes)


def test_rare_spikes_have_one_size_and_medians_of_zero(rare):
    size = 2.0 * 0.01 ** (-1 / 1.3)
    assert rare.sizes[1:] == pytest.approx(size)
    assert rare.survival[0] == pytest.approx(0.01, rel=0.1)
    assert rare.tail_kind == "none"
    assert rare.quantiles[1][0] == 0
    assert "are all the same" in rare.sentence
    assert f"({int((rare.quantiles[1] == 0).sum())} medians are 0)" in rare.sentence
    assert -1 < rare.fitted.value < 0


def test_the_size_of_a_spike_is_a_frobenius_norm_and_is_called_so(rare, pareto):
    assert "||xi||_F" in rare.sentence
    assert any("Frobenius" in note for note in rare.notes)
    assert "|xi_ij|" in pareto.sentence
    assert not any("Frobenius" in note for note in pareto.notes)


def test_the_noise_is_that_of_a_run():
    for spec in (RunSpec(), RunSpec(noise="pareto"), RunSpec(problem="quartic", noise="student_t")):
        noise = Survey(spec).survey.noise
        assert noise == Experiment(spec)._noise
        assert noise.noise_scale != 1


def test_equal_specs_give_equal_surveys_and_other_seeds_others():
    one, again = (survey_noise(change("student_t", 1.6)) for _ in range(2))
    other = survey_noise(change("student_t", 1.6, seed=1))
    for name in ("sizes", "survival", "norms"):
        assert np.array_equal(getattr(one, name), getattr(again, name))
    assert not (one.norms == other.norms).any()
    assert not (one.sizes == other.sizes).any()
    assert str(one) == str(again)


def test_batch_sizes_have_draws_of_their_own_and_none_of_a_runs():
    surveying = Survey(change("stable", 1.6, norm="sign"))
    while not surveying.finished:
        surveying.advance()
    unit = surveying.survey.norms / surveying.survey.bound[:, None]
    # the same draws would give the same numbers in every row
    assert np.abs(np.corrcoef(np.log(unit)) - np.eye(7)).max() < ERRORS / 512**0.5
    like = torch.zeros(512, 2, 3, dtype=torch.float64)
    a_runs = surveying.survey.noise.mean_of_batch(like, 1, Streams(0, 512), "noise/x")
    sizes = a_runs.abs().sum((1, 2)).numpy()
    assert not np.isclose(surveying.survey.norms[0], sizes).any()


@pytest.mark.parametrize("noise", ["stable", "pareto"])
def test_how_means_are_cut_into_pieces_changes_nothing(noise, monkeypatch):
    spec = change(noise, 1.6)
    whole = survey_noise(spec)
    monkeypatch.setattr(_pieces, "PIECE", 2**12)
    assert np.array_equal(survey_noise(spec).norms, whole.norms)


def test_a_survey_goes_piece_by_piece_and_says_what_is_missing():
    surveying, shares, done = Survey(change("gaussian")), [0.0], 0
    survey = surveying.survey
    assert str(survey) == f"{survey.title}: 0 of 7 batch sizes."
    while not surveying.finished:
        done += surveying.advance()  # True where a batch size is there
        assert len(survey) == done
        assert survey.complete == surveying.finished
        assert ("Incomplete" in str(survey)) == (0 < done < 7)
        shares.append(surveying.share)
    assert done == 7
    assert shares[-1] == 1
    assert np.all(np.diff(shares) > 0)
    assert 0 < survey.seconds < 60


def test_an_estimate_leaves_the_survey_as_it_was():
    spec = change("stable", 1.6, rows=32, columns=32, norm="sign")  # four pieces a batch size
    one, other = Survey(spec), Survey(spec)
    for surveying in (one, other):
        while len(surveying.survey) < 2:
            surveying.advance()
        surveying.advance()
    assert one.estimate_s() > 0
    for surveying in (one, other):
        while not surveying.finished:
            surveying.advance()
    assert np.array_equal(one.survey.norms, other.survey.norms)


def test_pieces_of_a_small_matrix_are_small_and_hold_all_draws():
    for entries in (1, 64):
        lanes, sizes = pieces_of_sizes(entries)
        assert sizes[-1].stop == 2**18
        assert all((piece.stop - piece.start) % lanes == 0 for piece in sizes)
        means = pieces_of_means(64, summed=entries == 1)
        per_batch = [sum(p.stop - p.start for p in means if p.batch_size == 4**k) for k in range(7)]
        assert per_batch == [512] * 7
        largest = 64 * 4096 if entries == 1 else _pieces.PIECE
        assert max(piece.numbers for piece in (*sizes, *means)) <= max(_pieces.PIECE, largest)


def test_large_matrices_get_fewer_draws_and_no_mean_that_takes_too_long():
    means = pieces_of_means(2**16, summed=True)
    assert {piece.batch_size for piece in means} == {1, 4, 16, 64, 256}
    assert max(piece.stop for piece in means) == 32
    assert sum(piece.numbers for piece in pieces_of_means(2**14, summed=False)) <= _pieces.MOST
    lanes, sizes = pieces_of_sizes(2**20)
    assert (lanes, sizes[-1].stop) == (1, 1024)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"noise": "none"}, r"noise must be one that is drawn, got 'none'; choose one of \['gau"),
        ({"problem": "chain"}, r"problem must be a toy .*got 'chain', whose oracle is noisy"),
        ({"problem": "mlp"}, r"problem must be a toy .*got 'mlp', a network.*'log_cosh'"),
    ],
    ids=str,
)
def test_what_has_no_added_noise_is_refused_in_a_sentence(fields, words):
    spec = RunSpec(**fields)
    assert not has_survey(spec)
    with pytest.raises(ValueError, match=words):
        Survey(spec)
    assert has_survey(RunSpec())


def test_what_is_no_spec_is_refused():
    with pytest.raises(TypeError, match="spec must be a RunSpec"):
        Survey("stable")  # type: ignore[arg-type]


def test_an_unknown_constant_draws_no_bound_and_names_none(pareto):
    survey = dataclasses.replace(pareto, constant=float("nan"))
    assert not survey.exact
    assert np.isnan(survey.bound).all()
    assert "K B^" not in survey.sentence
    assert not any("K =" in note for note in survey.notes)


def test_an_interrupted_survey_returns_what_is_done(monkeypatch):
    advance = Survey.advance

    def interrupted(surveying):
        if len(surveying.survey) == 2:
            raise KeyboardInterrupt
        return advance(surveying)

    monkeypatch.setattr(Survey, "advance", interrupted)
    survey = survey_noise(change("gaussian"))
    assert len(survey) == 2
    assert not survey.complete
    assert survey.sentence.startswith("Incomplete, 2 of 7 batch sizes: ")


def test_progress_is_drawn_on_standard_error(capsys):
    survey_noise(change("gaussian"), progress=True)
    assert "100%" in capsys.readouterr().err


def test_a_survey_draws_itself(pareto):
    assert isinstance(pareto, NoiseSurvey)
    assert len(pareto.figure().axes) == 2
    assert pareto._repr_png_().startswith(b"\x89PNG")
    assert repr(pareto) == str(pareto) == pareto.sentence
