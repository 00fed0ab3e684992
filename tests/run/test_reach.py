"""Calls to eps: the chains fill their class, and no method is below N_low."""

import math

import numpy as np
import pytest
import torch

from explorer.noise._streams import Streams
from explorer.norms._base import as_norm
from explorer.registry import PROBLEMS
from explorer.run._reaching import GRID, METHODS, THEORY, ReachRun, first_below, setting_for
from explorer.run.experiment import run
from explorer.run.reach import ChainClass
from explorer.run.spec import RunSpec

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
    if hessian:  # rho of one row alone; the toy's own adds up rows
        assert family.gradient(length) * 100 / toy.link**2 == pytest.approx(1)
    else:
        assert toy.smoothness(as_norm("spectral")) == pytest.approx(1)
    start = {"x": torch.zeros(4000, rank, rank * length, dtype=torch.float64)}
    noise = toy.sample(start, 1, Streams(0, 4000))["x"] - toy.gradient(start)["x"]
    sizes = as_norm("spectral").dual_norm(noise)
    # rare reveals carry the moment: the law has two values, which are checked instead of a mean
    gradient = family.gradient(length)
    hidden, seen = gradient, gradient / rank * (1 / point.reveal + rank - 2)
    for size in sizes.unique():
        assert min(abs(size - hidden), abs(size - seen)) < 1e-9 * seen
    share = rank * point.reveal
    power = share * seen**moment + (1 - share) * hidden**moment
    assert power ** (1 / moment) == pytest.approx(family.sigma)


def test_calls_come_from_theory_far_above_and_from_a_grid_close_to_the_bound(reach):
    theory, grid = (reach.ratios(method) for method in FEW)
    assert (theory > 5).all()
    assert (grid < 1.4).all()
    calls, least, most = reach.calls(FEW[1])
    assert ((least <= calls) & (calls <= most)).all()
    assert (most > reach.low).all()
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
    assert run(spec).mean_stationarity.mean() == pytest.approx(point.eps, rel=0.05)


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
    assert trace.plain_running_mean[~before][0] == pytest.approx(point.eps, rel=0.1)


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


def test_over_ranks_the_calls_grow_like_the_rank():
    work = done(lengths=(2,), ranks=(1, 2), methods=("Scion, tuned by grid",))
    reach = work.reach
    assert reach.axis == "rank"
    assert reach.exponent == 1
    assert reach.low_slope == pytest.approx(1, abs=0.1)
    assert reach.slope("Scion, tuned by grid") == pytest.approx(1, abs=0.35)
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
    assert first.startswith("# {")
    assert names.startswith("method,rank,length,eps,N_low,calls")
    assert len(rows) == 4
    assert "zero-respecting" in reach.figure().axes[0].texts[-1].get_text()


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


@pytest.mark.slow
def test_no_method_is_below_the_lower_bound_in_two_hundred_cells():
    """Each cell runs a method for N_low calls; its mean is not below eps but by sampling error."""
    scores = []
    for hessian in (False, True):
        family = ChainClass(2.0, hessian, rarest=(2, 8))
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
