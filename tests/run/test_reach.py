"""Calls to eps: the chains fill their class, and no method is below N_low."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from explorer.noise._streams import Streams
from explorer.norms._base import as_norm
from explorer.registry import PROBLEMS
from explorer.run import _reaching
from explorer.run._reaching import (
    GRID,
    METHODS,
    NEAR,
    THEORY,
    ReachRun,
    first_below,
    setting_for,
)
from explorer.run.chain_class import ChainClass
from explorer.run.experiment import run
from explorer.run.reach import Arrival
from explorer.run.spec import RunSpec
from explorer.theory.bootstrap import mean_interval, resampled_weights

QUICK = RunSpec(problem="chain", seeds=8, device="cpu")
FEW = ("Scion, tuned by theory", "clipped SGD, tuned by grid")


def done(**options):
    work = ReachRun(QUICK, **options)
    while not work.finished:
        work.advance()
    return work


@pytest.fixture(scope="module")
def reach():
    return done(lengths=(2, 4), methods=FEW).reach


@pytest.mark.parametrize("hessian", [False, True])
@pytest.mark.parametrize("moment", [1.3, 1.5, 2.0])
@pytest.mark.parametrize(("rank", "length"), [(1, 4), (4, 4), (2, 16)])
def test_a_chain_fills_its_class(moment, hessian, rank, length):
    family = ChainClass(moment, hessian)
    point = family.point(rank=rank, length=length)
    shape = {"rows": rank, "columns": rank * length}
    toy = PROBLEMS.make(point.problem(moment), **shape)
    assert toy.gap == pytest.approx(1)
    known = toy.hessian_smoothness if hessian else toy.smoothness
    assert known(as_norm("spectral")) == pytest.approx(1)
    draws, share = 40_000, rank * point.reveal
    start = {"x": torch.zeros(draws, rank, rank * length, dtype=torch.float64)}
    noise = toy.sample(start, 1, Streams(0, draws))["x"] - toy.gradient(start)["x"]
    sizes = as_norm("spectral").dual_norm(noise)
    # rare reveals carry the moment, and their number is binomial: four of its standard deviations
    error = 4 / (draws * share) ** 0.5 / moment
    assert float((sizes**moment).mean()) ** (1 / moment) == pytest.approx(family.sigma, rel=error)


def test_calls_come_from_theory_far_above_and_from_a_grid_close_to_the_bound(reach):
    theory, grid = (reach.ratios(method) for method in FEW)
    assert (theory > 5).all()
    assert (grid < 1.4).all()
    calls, least, most = reach.calls(FEW[1])
    assert ((least <= calls) & (calls <= most)).all()
    assert (most > reach.low).all()
    assert np.isfinite(most).all(), "followed until every resample of the seeds is there"
    assert reach.below == 0
    assert reach.complete
    assert reach.exponent == -4
    assert reach.slope(FEW[0]) == pytest.approx(
        np.log(reach.calls(FEW[0])[0][1] / reach.calls(FEW[0])[0][0])
        / np.log(reach.x[1] / reach.x[0])
    )


def test_the_calls_of_theory_are_those_whose_tuned_run_has_the_mean_eps(reach):
    arrival, point = reach.arrivals[FEW[0]][0], reach.points[0]
    spec = RunSpec(
        problem=point.problem(2.0), rows=4, columns=8, seeds=8, schedule="horizon",
        horizon=round(arrival.calls), batch_size=arrival.settings["batch_size"], device="cpu",
    )  # fmt: skip
    means = run(spec).mean_stationarity
    assert means.mean() == pytest.approx(point.eps, rel=2 * NEAR)  # the search stops at NEAR
    low, high = mean_interval(means / point.eps)
    assert arrival.least < arrival.calls < arrival.most
    # calls fall with the mean to the power 4 or so: an interval of means is one of calls
    assert (arrival.most / arrival.least) ** 0.25 == pytest.approx(high / low, rel=0.02)


def test_the_calls_of_a_grid_are_where_the_running_mean_comes_to_eps(reach):
    arrival, point = reach.arrivals[FEW[1]][0], reach.points[0]
    assert "threshold" in arrival.settings["optimizer"]
    spec = RunSpec(
        problem=point.problem(2.0), rows=4, columns=8, seeds=8, schedule="constant", momentum=0.0,
        horizon=4 * point.low, device="cpu", **arrival.settings,
    )  # fmt: skip
    trace = run(spec)
    before = trace.stratum_end < arrival.calls
    assert (trace.plain_running_mean[before] > point.eps).all()
    assert trace.plain_running_mean[~before][0] <= point.eps


def test_a_bound_that_is_crossed_is_counted(reach):
    arrival = reach.arrivals[FEW[1]][0]
    reach.arrivals[FEW[1]][0] = arrival._replace(most=reach.points[0].low - 1)
    try:
        assert reach.below == 1
        assert "1 of 4 is below" in reach.sentence
    finally:
        reach.arrivals[FEW[1]][0] = arrival
    assert "none of 4 is below" in reach.sentence


def test_first_below_takes_the_first_record_and_says_where_there_is_none():
    trace = run(RunSpec(rows=1, columns=2, horizon=64, seeds=4, noise="none", device="cpu"))
    trace = run(
        trace.spec.replace(schedule="constant", lr=0.01, momentum=0.0, noise="none", horizon=64)
    )
    means = trace.plain_running_mean
    weights = np.full((4, 1), 0.25)
    assert first_below(trace, means[30], weights)[0] == trace.stratum_end[30]
    assert first_below(trace, means[-1] / 2, weights)[0] == math.inf


@pytest.mark.parametrize("batch_size", [1, 3])
def test_within_a_stratum_the_mean_is_followed_step_by_step(batch_size):
    spec = RunSpec(rows=2, columns=2, horizon=3000 * batch_size, seeds=8, batch_size=batch_size)
    trace = run(spec.replace(schedule="constant", lr=0.01, momentum=0.0, device="cpu"))
    weight = trace.column("weight").astype(int)
    assert weight.max() > 10, "strata that hold many steps"
    every = np.repeat(trace.stationarity, weight, 0)  # a measured step stands for its stratum
    weights = resampled_weights(8)[:, :50]
    means = np.cumsum(every @ weights, 0) / np.arange(1, len(every) + 1)[:, None]
    for eps in (means[0].max(), means[200].mean(), means[1500].mean()):
        wanted = np.where((means <= eps).any(0), (means <= eps).argmax(0) + 1, np.inf)
        np.testing.assert_array_equal(first_below(trace, eps, weights), wanted * batch_size)


def test_a_verdict_needs_seeds(reach):
    few = replace(reach, spec=reach.spec.replace(seeds=4))
    assert "4 seeds are too few" in few.sentence
    assert "sampling error" not in few.sentence


def test_what_a_method_did_not_reach_is_said_and_not_counted(reach):
    nowhere = Arrival(math.nan, math.nan, math.nan, {})
    missed = replace(reach, arrivals=reach.arrivals | {FEW[0]: [nowhere, nowhere]})
    assert missed.found(FEW[0]) == "not reached"
    assert f"{FEW[0]} not reached" in missed.sentence
    assert "none of 2 is below" in missed.sentence
    shown = [text.get_text() for text in missed.figure().axes[0].texts]
    assert f"{FEW[0]}: not reached" in shown
    one = replace(reach, arrivals=reach.arrivals | {FEW[0]: [reach.arrivals[FEW[0]][0], nowhere]})
    assert one.found(FEW[0]).endswith("N_low, 1 not reached")


def test_an_open_interval_is_drawn_to_the_edge(reach):
    first, *others = reach.arrivals[FEW[1]]
    wide = replace(
        reach, arrivals=reach.arrivals | {FEW[1]: [first._replace(most=np.inf), *others]}
    )
    axes = wide.figure().axes[0]
    tops = [np.nanmax(line.get_ydata()) for line in axes.lines if line.get_visible()]
    assert max(tops) == axes.get_ylim()[1]


@pytest.mark.parametrize("moment", [1.05, 1.15, 1.2, 1.5, 2.0])
def test_no_closed_form_is_drawn_above_the_exact_bound(moment):
    spec = QUICK.replace(problem=f"chain(moment={moment})")
    reach = ReachRun(spec, lengths=(2, 4, 8)).reach
    drawn = np.isfinite(reach.closed)
    assert (reach.closed[drawn] < reach.low[drawn]).all()
    assert drawn.all() == (moment > 1.2)
    words = reach.figure().axes[0].texts
    assert any("closed form" in text.get_text() for text in words) == drawn.any()


def test_only_what_it_uses_is_in_its_spec():
    work = ReachRun(QUICK.replace(batch_size=7, transport=True, seed=3), lengths=(2, 4))
    assert work.reach.spec == QUICK.replace(problem="chain(moment=2.0)", seed=3)


def test_over_ranks_the_calls_grow_like_the_rank():
    work = done(lengths=(2,), ranks=(1, 2), methods=("Scion, tuned by grid",))
    reach = work.reach
    assert reach.axis == "rank"
    assert reach.exponent == 1
    low, (_, least, most) = reach.low, reach.calls("Scion, tuned by grid")
    # chains are alike: the calls go with one over the share of them that shows a given row
    shown = [1 / point.reveal for point in reach.points]
    assert low[1] / low[0] == pytest.approx(shown[1] / shown[0], rel=0.01)
    assert least[1] / most[0] < low[1] / low[0] < most[1] / least[0]
    assert work.share == pytest.approx(1)


def test_what_is_there_so_far_is_said_and_shown(reach, tmp_path):
    work = ReachRun(QUICK, lengths=(2, 4), methods=FEW)
    assert "not run yet" in work.reach.sentence
    while not work.advance():
        assert work.share == 0
    assert 0 < work.share < 1
    assert work.reach.sentence.startswith("Incomplete")
    assert (len(work.reach), work.reach.complete) == (1, False)
    again = work.reach.arrivals[FEW[0]][0]
    assert again == reach.arrivals[FEW[0]][0], "equal specs give equal numbers"
    reach.to_csv(tmp_path / "reach.csv")
    first, names, *rows = (tmp_path / "reach.csv").read_text().splitlines()
    assert first.startswith("# scion-explorer ")
    assert names.startswith("method,rank,length,eps,N_low,calls")
    assert len(rows) == 4
    said = [text.get_text() for text in reach.figure().axes[0].texts if text.get_visible()]
    assert any("zero-respecting" in words for words in said)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"lengths": (4,), "ranks": (4,)}, "one of lengths and ranks"),
        ({"lengths": (4, 8), "ranks": (1, 2)}, "one of lengths and ranks"),
        ({"methods": ("magic",)}, "methods must be of"),
    ],
)
def test_a_reach_of_nothing_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        ReachRun(QUICK, **options)


def test_another_problem_has_no_lower_bound_of_this_kind():
    with pytest.raises(ValueError, match="is about the chain, got problem 'log_cosh'; choose"):
        ReachRun(RunSpec())


def test_the_time_is_estimated_from_as_many_steps_as_are_mostly_made(monkeypatch):
    monkeypatch.setattr(_reaching, "seconds_a_step", lambda spec: 1.0)
    work = ReachRun(QUICK, lengths=(2, 4))
    steps, estimate = 0, work.estimate_s()
    while not work.finished:
        work.advance()
        steps += 1
    assert 0.5 < estimate / steps < 2


@pytest.mark.slow
def test_no_method_is_below_the_lower_bound_in_two_hundred_cells():
    """Each cell runs a method for N_low calls; its mean is not below eps but by sampling error."""
    scores = []
    for hessian in (False, True):
        family = ChainClass(2.0, hessian, easiest=(2, 8))
        for rank in (1, 2, 4, 8):
            for length in (2, 3, 4, 6, 8):
                point = family.point(rank=rank, length=length)
                shape = {"rows": rank, "columns": rank * length, "horizon": point.low}
                chosen = [setting_for(GRID[m], point, 1.25, 8) for m in METHODS if m in GRID]
                fixed = {"schedule": "constant", "momentum": 0.0}
                tuned = [{"schedule": "horizon", "transport": t} for t in THEORY.values()]
                for method in [*tuned, *(fixed | one for one in chosen)]:
                    spec = RunSpec(problem=point.problem(2.0), seeds=24, device="cpu", **shape)
                    means = run(spec.replace(**method)).mean_stationarity
                    error = means.std(ddof=1) / len(means) ** 0.5
                    scores.append((means.mean() - point.eps) / max(error, 1e-12))
    assert len(scores) == 200
    assert min(scores) > -4  # of 200 normal numbers one in a hundred times is below -3.9
    assert sum(score < -1.645 for score in scores) < 20  # ten expected where all sit on the bound
