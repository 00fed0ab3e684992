"""Sweeps: one tuned run a horizon, the three slopes, and the table that theory promises."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from explorer.noise._constant import PULSE
from explorer.norms._base import as_norm
from explorer.problems.log_cosh import LogCosh
from explorer.run import _work
from explorer.run._tuned import points
from explorer.run._work import seconds_a_step
from explorer.run.constants import toy_setting
from explorer.run.experiment import Experiment, run
from explorer.run.grid import LEFT_OUT
from explorer.run.rate import Rate
from explorer.run.spec import RunSpec
from explorer.run.sweep import GridSweep, Sweep, sweep
from explorer.theory.schedules import tuned_batch
from explorer.theory.slope import residual_interval

THE_SWEEP = sys.modules[Sweep.__module__]  # explorer.run is a function too
NEAR = 0.03  # what three short horizons leave between a slope and its exponent
TINY = RunSpec(norm="sign", rows=2, columns=2, seeds=4, device="cpu")
QUICK = RunSpec(rows=2, columns=4, seeds=32, device="cpu")
SHORT = [1000, 10_000, 100_000]


@pytest.fixture(scope="module")
def rate():
    return sweep(TINY, horizons=[100, 1000, 10_000])


def test_a_sweep_in_a_pool_is_the_sweep_in_this_process(rate):
    with ThreadPoolExecutor(2) as pool:
        handed = sweep(TINY, horizons=[100, 1000, 10_000], executor=pool)
    assert np.array_equal(handed.means, rate.means)
    assert np.array_equal(handed.bound, rate.bound)
    assert handed.slope_interval == rate.slope_interval
    assert handed.complete


def test_a_point_is_the_run_of_its_own_spec(rate):
    for trace in rate.traces:
        assert trace.spec.schedule == "horizon"
        assert np.array_equal(run(trace.spec).mean_stationarity, trace.mean_stationarity)


def test_the_batch_is_the_tuned_one_or_the_specs(rate):
    _, constants = toy_setting(TINY, LogCosh(rows=2, columns=2), as_norm("sign"))
    wanted = [tuned_batch(constants, horizon, 1, 0.0) for horizon in rate.horizons]
    assert rate.batch_sizes == wanted
    assert rate.batch_sizes[1] == 20, "the noise level, at a thousand calls"
    kept = sweep(TINY.replace(batch_size=3), horizons=[100, 1000], batch_size="spec")
    assert kept.batch_sizes == [3, 3]
    assert kept.calls.tolist() == [99, 999]


def test_given_momentum_and_step_size_give_way_to_the_tuned_ones(rate):
    spec = TINY.replace(lr=0.5, momentum=0.1, schedule="constant")
    again = sweep(spec, horizons=[100, 1000, 10_000])
    assert np.array_equal(again.means, rate.means)
    assert again.spec == spec


@pytest.mark.parametrize("p", [1.6, 2.0])
@pytest.mark.parametrize("norm", ["spectral", "frobenius"])
def test_slopes_are_near_the_exponent_and_bounds_are_above(norm, p):
    measured = sweep(QUICK.replace(norm=norm, tail_index=p), horizons=SHORT)
    assert measured.slope == pytest.approx(measured.exponent, abs=NEAR)
    assert measured.bound_slope == pytest.approx(measured.exponent, abs=NEAR)
    low, high = measured.slope_interval
    assert low < measured.slope < high < 0
    ratio = measured.bound / measured.means.mean(1)
    assert ((ratio > 1) & (ratio < 5)).all()


def test_transport_falls_faster_where_it_is_exact():
    quadratic = QUICK.replace(
        problem="quadratic", norm="frobenius", rows=4, columns=4, tail_index=2.0
    )
    off = sweep(quadratic, horizons=[400, 4000])
    on = sweep(quadratic.replace(transport=True), horizons=[400, 4000])
    assert off.slope == pytest.approx(-0.25, abs=NEAR)
    assert on.slope == pytest.approx(-0.5, abs=NEAR)
    assert (off.exponent, on.exponent) == (-0.25, -0.5)


def test_the_sentence_names_three_slopes(rate):
    low, high = rate.slope_interval
    least, most = rate.slope_range
    assert str(rate) == rate.sentence
    assert (
        f"3 horizons from {rate.calls[0]:,.0f} to {rate.calls[-1]:,.0f} calls, 4 seeds each: "
        f"measured slope {rate.slope:.3f} [{low:.3f}, {high:.3f}], {least:.3f} to {most:.3f} "
        "without one horizon, the bound's "
        f"{rate.bound_slope:.3f}, the theorem's exponent -0.214; mean stationarity "
        f"{rate.means[-1].mean():.3g} under its bound {rate.bound[-1]:.3g} at the last."
    ) == rate.sentence
    assert "tuned batch" in rate.title


def test_a_mean_above_its_bound_is_not_called_under(rate):
    above = Rate(spec=TINY, horizons=(100, 1000), traces=[rate.traces[1], rate.traces[0]])
    record = above.traces[1].still()
    record.append(record._rows[-1]._replace(bound=1e-3))
    above.traces[1] = record
    assert "above its bound 0.001 at the last" in above.sentence


def test_one_batch_for_all_horizons_is_named_in_the_title():
    rate = sweep(TINY.replace(batch_size=8, noise_level=1.0), horizons=[100, 1000])
    assert rate.batch_sizes == [1, 1]
    assert "batch 1" in rate.title


def test_a_sweep_under_way_shows_the_points_there_are():
    sweeping = Sweep(TINY, [100, 1000])
    assert "0 of 2 horizons" in sweeping.rate.sentence
    assert np.isnan(sweeping.rate.exponent)
    while len(sweeping.rate) < 1:
        sweeping.advance()
    assert not sweeping.finished
    assert not sweeping.rate.complete
    assert 0 < sweeping.share < 1
    assert np.isnan(sweeping.rate.slope)
    while not sweeping.finished:
        sweeping.advance()
    assert sweeping.share == 1
    assert sweeping.rate.complete


def test_ctrl_c_leaves_the_horizons_that_are_done(monkeypatch):
    advance = Sweep.advance

    def interrupted(sweeping):
        if len(sweeping.rate) == 2:
            raise KeyboardInterrupt
        return advance(sweeping)

    monkeypatch.setattr(Sweep, "advance", interrupted)
    rate = sweep(TINY, horizons=[100, 200, 400])
    assert (len(rate), rate.complete) == (2, False)
    assert rate.sentence.startswith("Incomplete: 2 horizons")


def test_a_rate_of_nothing_draws_no_number():
    rate = Rate(spec=TINY, horizons=(100, 1000))
    assert rate.means.shape == (0, 4)
    assert np.isnan(rate.slope)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (RunSpec(problem="mlp"), "'mlp' with optimizer 'scion' has none; choose a toy"),
        (
            TINY.replace(optimizer="sgd", schedule="constant", lr=0.1),
            "with optimizer 'sgd' has none; choose a toy and 'scion'",
        ),
    ],
    ids=["network", "sgd"],
)
def test_what_no_theorem_tunes_is_refused(spec, words):
    with pytest.raises(ValueError, match=words):
        sweep(spec, horizons=[100, 1000])


@pytest.mark.parametrize(
    "horizons", [[100], [], [1000, 100], [100, 100], [0, 100], ["a", "b"], 1000], ids=str
)
def test_horizons_that_make_no_line_are_refused(horizons):
    with pytest.raises(ValueError, match="horizons must be two or more whole numbers, ascending"):
        sweep(TINY, horizons=horizons)


def test_an_unknown_batch_rule_is_refused():
    with pytest.raises(ValueError, match=r"batch_size must be 'tuned' or 'spec', got 7"):
        sweep(TINY, horizons=[100, 1000], batch_size=7)


@pytest.mark.slow
@pytest.mark.parametrize("transport", [False, True], ids=["off", "on"])
@pytest.mark.parametrize("p", [1.6, 2.0])
@pytest.mark.parametrize("norm", ["frobenius", "sign", "column", "row", "spectral"])
def test_a_live_run_falls_with_the_exponent_in_every_geometry(norm, p, transport):
    spec = RunSpec(norm=norm, tail_index=p, transport=transport, horizon=20_000, device="cpu")
    assert (spec.rows, spec.columns, spec.seeds, spec.noise_level) == (4, 16, 32, 20.0)
    trace = run(spec)
    # from ten calls on: before, the weighted mean is its first steps
    ratio = (trace.bound / trace.running_mean)[trace.calls >= 10]
    assert trace.slope == pytest.approx(trace.exponent, abs=NEAR)
    assert ratio.min() >= 2
    assert ratio.max() <= 6


# Grids.


def test_a_grid_runs_every_combination_as_run_does():
    grid = sweep(TINY, norm=["sign", "frobenius"], tail_index=[1.3, 2.0])
    assert [row["norm"] for row in grid.rows()] == ["sign", "sign", "frobenius", "frobenius"]
    assert [row["tail_index"] for row in grid.rows()] == [1.3, 2.0, 1.3, 2.0]
    for choice in grid.choices():
        wanted = run(TINY.replace(**choice))
        assert np.array_equal(grid[choice].stationarity, wanted.stationarity)
    assert grid.complete
    with pytest.raises(KeyError, match="no cell"):
        grid[{"norm": "row"}]


def test_a_list_of_batches_is_a_field_and_horizons_make_rates():
    grid = sweep(TINY.replace(horizon=200), batch_size=[1, 4])
    assert [cell.spec.batch_size for cell in grid.cells] == [1, 4]
    assert [cell.spec.schedule for cell in grid.cells] == ["anytime"] * 2
    grid = sweep(TINY, horizons=[50, 200], tail_index=[1.4, 1.8])
    assert [round(row["exponent"], 3) for row in grid.rows()] == [-0.182, -0.235]
    assert all(isinstance(cell, Rate) for cell in grid.cells)


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"norm": "sign"}, TypeError, "norm must be a list of values, got 'sign'; give"),
        ({"tail_index": 1.5}, TypeError, "tail_index must be a list of values, got 1.5"),
        ({"tail_index": []}, ValueError, "must hold different values, at least one, got []"),
        ({"tail_index": [1.5, 1.5]}, ValueError, "must hold different values"),
        ({"tail_index": [1.5, 2.5]}, ValueError, "tail_index must lie in (1, 2], got 2.5"),
        ({"tails": [1.5]}, TypeError, "tails"),
    ],
    ids=str,
)
def test_a_bad_grid_is_refused_before_anything_has_run(fields, error, words, monkeypatch):
    monkeypatch.setattr(THE_SWEEP, "run", lambda _: pytest.fail("it ran"))
    with pytest.raises(error) as caught:
        sweep(TINY, **fields)
    assert words in str(caught.value)


def test_a_grid_is_a_table_in_text_and_in_a_file(tmp_path):
    grid = sweep(TINY, norm=["sign", "frobenius"])
    head, *lines = str(grid).splitlines()
    assert head.split()[0] == "norm"
    assert [line.split()[0] for line in lines] == ["sign", "frobenius"]
    grid.to_csv(tmp_path / "grid.csv")
    spec, names, *rows = (tmp_path / "grid.csv").read_text().splitlines()
    assert spec.startswith("# scion-explorer ")
    assert names.startswith("norm,weighted mean,bound")
    assert len(rows) == 2
    assert float(rows[0].split(",")[1]) == pytest.approx(grid.rows()[0]["weighted mean"])


def test_ctrl_c_leaves_the_cells_that_are_done(monkeypatch):
    advance = GridSweep.advance

    def interrupted(sweeping):
        if len(sweeping.grid) == 2:
            raise KeyboardInterrupt
        return advance(sweeping)

    monkeypatch.setattr(GridSweep, "advance", interrupted)
    grid = sweep(TINY.replace(horizon=200), tail_index=[1.3, 1.6, 2.0])
    assert len(grid) == 2
    assert not grid.complete


def test_a_grid_at_one_horizon_holds_runs_that_are_tuned_to_it():
    grid = sweep(QUICK, horizons=[2000], transport=[False, True])
    for cell in grid.cells:
        (tuned,) = points(QUICK.replace(transport=cell.spec.transport), [2000], "tuned", least=1)
        assert cell.spec == tuned
        assert (cell.stationarity == run(tuned).stationarity).all()
    assert grid.cells[0].spec.batch_size > 1
    assert sweep(QUICK, horizons=[2000], batch_size=[1, 4]).cells[1].spec.batch_size == 4
    with pytest.raises(ValueError, match="horizons must be two or more"):
        sweep(QUICK, horizons=[2000])


def test_a_grid_over_sizes_has_a_slope_in_them_beside_the_bound_s_and_the_theorem_s():
    spec = RunSpec(
        problem="log_cosh(divide='rank')", noise="spike", noise_scale=0.3, tail_index=2.0,
        columns=8, seeds=16, device="cpu",
    )  # fmt: skip
    grid = sweep(spec, horizons=[20_000], rows=[1, 2, 4, 8])
    means = np.array([cell.mean_stationarity for cell in grid.cells])
    line = np.polyfit(np.log([1, 2, 4, 8]), np.log(means.mean(1)), 1)
    assert grid.slope == pytest.approx(line[0])
    low, high = grid.slope_interval
    assert low < grid.slope < high
    assert grid.exponent == 0.25
    assert grid.bound_slope == pytest.approx(0.25, abs=0.02)
    assert grid.slope == pytest.approx(0.25, abs=0.06)
    assert "slope in rows" in grid.sentence
    wide = sweep(spec.replace(rows=2), horizons=[20_000], columns=[2, 8])
    assert wide.exponent == 0
    assert abs(wide.slope) < 0.03
    whole = sweep(spec.replace(problem="log_cosh"), horizons=[2000], rows=[1, 2])
    assert np.isnan(whole.exponent), "L and the gap grow with the rows"


def test_a_grid_over_words_has_no_slope():
    grid = sweep(TINY.replace(horizon=200), norm=["sign", "frobenius"])
    assert np.isnan([grid.slope, *grid.slope_interval, grid.bound_slope, grid.exponent]).all()
    assert "slope in" not in grid.sentence


def test_the_share_of_a_grid_is_weighed_by_what_its_cells_cost():
    sweeping = GridSweep(TINY.replace(horizon=300), {"rows": [1, 2]})
    seconds = sweeping.estimate_s()
    assert seconds > 0
    while not sweeping.advance():
        assert 0 <= sweeping.share < 1
    assert 0.2 < sweeping.share < 0.8
    while not sweeping.finished:
        sweeping.advance()
    assert sweeping.share == 1
    assert sweeping.grid.complete


def test_the_estimate_is_of_all_steps(monkeypatch):
    sweeping = Sweep(TINY, [100, 400], "spec")
    steps = sum(spec.n_steps for spec in sweeping.specs)
    # a clock on which every step takes a second
    ticks = iter(range(10**6))
    monkeypatch.setattr("time.perf_counter", lambda: float(next(ticks)))
    assert sweeping.estimate_s() == pytest.approx(steps)
    assert not sweeping.finished


def test_where_single_seeds_carry_the_mean_the_interval_is_of_residuals():
    rate = sweep(TINY, horizons=[50, 100, 200])
    assert rate.interval_kind == "seeds"
    assert "by residuals" not in rate.sentence
    assert "without one horizon" in rate.sentence
    for trace in rate.traces:
        for row in trace._rows:
            row.stationarity[0] *= 100
    rate = Rate(spec=rate.spec, horizons=rate.horizons, traces=[t.still() for t in rate.traces])
    assert rate.interval_kind == "residuals"
    assert "] by residuals, " in rate.sentence
    assert rate.slope_interval == residual_interval(rate.calls, rate.means)


def test_the_slope_in_the_rows_is_of_one_side_of_the_bend():
    spec = QUICK.replace(problem="log_cosh(divide='rank')", columns=4, noise="spike", seeds=4)
    through = sweep(spec, rows=[1, 2, 4, 8, 16], horizons=[1000])
    below = sweep(spec, rows=[1, 2, 4], horizons=[1000])
    assert through.fitted_sizes.tolist() == [1, 2, 4]
    assert (through.slope, through.slope_interval) == (below.slope, below.slope_interval)
    assert (through.bound_slope, through.exponent) == (below.bound_slope, below.exponent)
    assert "slope in rows from 1 to 4: measured" in through.sentence
    assert "slope in rows: measured" in below.sentence
    words = " ".join(text.get_text() for text in through.figure("dimension").axes[0].texts)
    assert "measured slope from 1 to 4" in words
    beyond = sweep(spec, rows=[4, 8, 16], horizons=[1000])
    assert beyond.fitted_sizes.tolist() == [4, 8, 16]
    assert np.isnan(sweep(spec, rows=[2, 8], horizons=[1000]).slope), "one on either side"


def test_seeds_that_diverged_are_counted_on_the_lines_that_are_drawn():
    fixed = {"schedule": "constant", "momentum": 0.0, "lr": 0.01}
    wild = TINY.replace(problem="quadratic", optimizer="sgd", **fixed)
    wild = wild.replace(horizon=200)
    rates = [0.01, 0.011, 0.012, 0.013, 0.014, 0.015, 1e30]
    many = sweep(wild, lr=rates, seed=[0, 1])
    assert not [t for t in many.figure().axes[0].texts if "diverged" in t.get_text()]
    grid = sweep(wild, seeds=[2, 4], lr=[0.01, 1e30])
    said = [t.get_text() for t in grid.figure().axes[0].texts if t.get_visible()]
    assert "4 of 4\ndiverged" in said


def test_a_trial_is_a_moment_only_and_what_is_newer_goes_first(monkeypatch):
    made, advance = [], Experiment.advance

    def counted(experiment, **options):
        made.append(experiment.step)
        return advance(experiment, **options)

    monkeypatch.setattr(Experiment, "advance", counted)
    assert seconds_a_step(TINY.replace(horizon=1000)) > 0
    assert len(made) == _work.TIMED_STEPS
    made.clear()
    monkeypatch.setattr(_work, "TIMED_S", 0.0)
    assert seconds_a_step(TINY.replace(horizon=1000)) > 0
    assert len(made) == 1

    def newer():
        raise InterruptedError

    token = PULSE.set(newer)
    try:
        with pytest.raises(InterruptedError):
            seconds_a_step(TINY)
    finally:
        PULSE.reset(token)


def test_a_grid_says_why_no_theorem_applies_and_whose_means_are_shown():
    spec = RunSpec(
        problem="factorisation", optimizer="sgd", momentum=0.0, schedule="constant", lr=0.5,
        tail_index=1.2, horizon=300, seeds=4, device="cpu",
    )  # fmt: skip
    grid = sweep(spec, lr=[0.03, 2.0])
    lost = [int((~cell.finite).sum()) for cell in grid.cells]
    assert lost[1] > 0
    assert LEFT_OUT in grid.notes
    assert grid.cells[0].bound_unmet in grid.notes
    assert LEFT_OUT not in sweep(TINY, norm=["sign", "row"]).notes
