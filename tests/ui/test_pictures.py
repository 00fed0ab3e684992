"""Pictures and the work behind them: no press is lost between them, and each keeps its own."""

import threading
import time

import pytest

from explorer import PLOTS, RunSpec, run
from explorer.noise._constant import PULSE
from explorer.ui import session as session_module
from explorer.ui.session import Session, Wish

SPEC = RunSpec(horizon=200, seeds=2, device="cpu")
LONG = SPEC.replace(horizon=600)
ENDLESS = SPEC.replace(horizon=5_000_000)
RATE = {"horizons": [100, 400]}
PATIENCE_S = 30


@pytest.fixture(scope="module")
def reference():
    return run(SPEC)


def test_each_kind_of_picture_keeps_its_last_work(
    session, view, reference, until, assert_same_bits
):
    session.want(Wish(SPEC, "run"))
    until(lambda: session.state == "finished")
    run_job = session.job
    session.want(Wish(SPEC, "turn", plot="rate", options=RATE))
    until(lambda: session.plot == "rate" and session.state == "idle" and session.job)
    assert len(session.job.data) == 0
    assert session.last("rate") is None
    session.want(Wish(SPEC, "run", plot="rate", options=RATE))
    until(lambda: session.state == "finished")
    assert session.last("rate").calls.tolist() == [100, 396]
    assert view.frames[-1]["alt"].startswith("2 horizons from 100 to 396 calls")
    session.want(Wish(SPEC, "turn"))
    until(lambda: session.plot == "decay")
    assert (session.job, session.state) == (run_job, "finished")
    assert_same_bits(session.last("trace"), reference)
    session.want(Wish(SPEC, "turn", plot="rate", options=RATE))
    until(lambda: session.plot == "rate")
    assert session.state == "finished"


def test_work_that_is_left_for_another_picture_waits_and_goes_on(session, until):
    session.want(Wish(ENDLESS, "run"))
    until(lambda: session.state == "running" and session.job.share > 0)
    session.want(Wish(ENDLESS, "turn", plot="rate", options=RATE))
    until(lambda: session.plot == "rate" and session.state == "idle" and session.job)
    session.want(Wish(ENDLESS, "turn"))
    until(lambda: session.plot == "decay" and session.state == "paused")
    waited = session.job
    step = waited.share
    session.want(Wish(ENDLESS, "run"))
    until(lambda: session.state == "running" and waited.share > step)
    assert session.job is waited


def test_another_picture_of_the_same_work_does_not_stop_it(session, monkeypatch, until):
    monkeypatch.setitem(PLOTS._classes, "twin", PLOTS["decay"])
    session.want(Wish(LONG, "run"))
    until(lambda: session.job is not None)
    job = session.job
    session.want(Wish(LONG, "turn", plot="twin"))
    until(lambda: session.state == "finished" and session.plot == "twin")
    assert session.job is job


def test_a_study_is_paused_and_goes_on(session, until):
    options = {"horizons": [100, 200_000]}
    session.want(Wish(SPEC, "run", plot="rate", options=options))
    until(lambda: len(session.job.data) == 1 if session.job else False)
    job = session.job
    session.want(Wish(SPEC, "pause", plot="rate", options=options))
    until(lambda: session.state == "paused")
    session.want(Wish(SPEC, "run", plot="rate", options=options))
    until(lambda: session.state == "finished")
    assert session.job is job
    assert session.job.data.complete


def test_a_grid_and_variants_of_a_study(session, until):
    variants = ({"transport": True},)
    session.want(Wish(SPEC, "run", variants, plot="rate", options=RATE))
    until(lambda: session.state == "finished")
    [(label, beside)] = session.job.beside
    assert label == "transport on"
    assert beside.spec.transport is True
    assert len(beside) == len(session.job.data) == 2
    options = {"norm": ["sign", "frobenius"]}
    session.want(Wish(SPEC, "run", plot="grid", options=options))
    until(lambda: session.plot == "grid" and session.state == "finished")
    assert [cell.spec.norm for cell in session.job.data.cells] == options["norm"]


@pytest.mark.parametrize("plot", ["noise", "contest"])
def test_a_study_that_fills_its_picture_has_nothing_beside_it(session, plot, until):
    spec = SPEC.replace(problem="quadratic", rows=2, columns=2)
    options = {"norms": ("frobenius", "sign")} if plot == "contest" else {}
    session.want(Wish(spec, "run", ({"transport": True},), plot, options))
    until(lambda: session.state == "finished")
    assert session.job.beside == []
    assert session.sentence == session.job.data.sentence


def test_every_picture_of_a_run_has_an_empty_one_of_its_own(session, view, until):
    empty = view.frames[-1]["axes"]
    session.want(Wish(SPEC, "turn", plot="geometry"))
    until(lambda: session.plot == "geometry" and len(view.frames[-1]["axes"]) == 2)
    assert session.state == "idle"
    session.want(Wish(SPEC, "turn"))
    until(lambda: view.frames[-1]["axes"] == empty)


def test_what_was_shown_before_a_run_has_the_run_s_variants(view, until, clock):
    wish = Wish(SPEC, "show", ({"transport": True},), "rate", RATE)
    session = Session(view, clock=clock)
    session.show(wish)
    session.want(wish._replace(action="run"))
    until(lambda: session.state == "finished")
    assert [label for label, _ in session.job.beside] == ["transport on"]
    session.want(Wish(SPEC, "run", plot="rate", options=RATE))
    until(lambda: session.state == "finished" and not session.job.beside)
    session.close()


def test_a_long_computation_is_given_up_for_a_newer_wish(session, monkeypatch, until):
    begun = threading.Event()

    def endless(*_):
        begun.set()
        while True:
            PULSE.get()()
            time.sleep(0.001)

    monkeypatch.setattr(session_module, "make_job", endless)
    session.want(Wish(SPEC, "run"))
    assert begun.wait(PATIENCE_S)
    session.want(Wish(SPEC, "show"))
    until(lambda: session.state == session.intent == "idle" and not session.preparing)
    assert session.error is None


def test_a_run_that_has_not_begun_yet_is_what_the_next_press_is_about(session, until):
    session.want(Wish(ENDLESS, "run"))
    assert session.intent == "running"
    session.want(Wish(ENDLESS, "pause"))
    assert session.intent == "paused"
    session.want(Wish(ENDLESS, "turn", plot="rate"))
    assert session.intent == "idle", "looking at another picture starts nothing"
    session.want(Wish(ENDLESS, "turn", plot="geometry"))
    assert session.intent == "paused", "a picture of the run that was paused"
    session.want(Wish(SPEC, "run", plot="rate"))
    assert session.intent == "running"
    session.want(Wish(SPEC, "show"))
    until(lambda: session._mailbox.wish is None)
    until(lambda: session.intent == session.state == "idle")


@pytest.mark.parametrize("tail_index", [1.6, 1.73711])  # K of the second is nowhere known
@pytest.mark.parametrize("plot", ["geometry", "rate"])
def test_a_run_and_then_a_turn_is_a_run(session, until, plot, tail_index):
    wish = Wish(ENDLESS.replace(tail_index=tail_index + (plot == "rate") * 1e-4), "run")
    with session._mailbox:
        session.want(wish)
        session.want(wish._replace(action="turn", plot=plot, options=RATE))
    until(lambda: session.plot == plot)
    if plot == "rate":
        until(lambda: session.state == "idle")
        assert [work.wish.spec for work in session.elsewhere] == [wish.spec]
        session.want(wish._replace(action="turn"))
        until(lambda: session.plot == "decay" and session.state == "paused")
        assert session.intent == "paused"
        session.want(wish)
        until(lambda: session.state == "running" and session.job.share > 0)
        assert session.last("trace").spec == wish.spec
    else:
        until(lambda: session.state == "running" and session.job.share > 0)
        assert session.intent == "running"


def test_a_pause_and_then_a_turn_is_a_pause(session, until):
    session.want(Wish(ENDLESS, "run"))
    until(lambda: session.state == "running" and session.job.share > 0)
    job = session.job
    with session._mailbox:
        session.want(Wish(ENDLESS, "pause"))
        session.want(Wish(ENDLESS, "turn", plot="geometry"))
    until(lambda: session.plot == "geometry" and session.state == "paused")
    share = job.share
    time.sleep(0.1)
    assert (session.job, job.share, session.intent) == (job, share, "paused")


def test_a_reset_and_then_a_turn_shows_nothing_old(session, until):
    session.want(Wish(SPEC, "run"))
    until(lambda: session.state == "finished")
    session.want(Wish(SPEC, "turn", plot="rate", options=RATE))
    until(lambda: session.plot == "rate" and session.state == "idle" and session.job)
    with session._mailbox:
        session.want(Wish(SPEC, "show", plot="rate", options=RATE, afresh=True))
        session.want(Wish(SPEC, "turn"))
    until(lambda: session.plot == "decay" and session.state == "idle")
    assert session.last("trace") is None
    assert session.job is None
    assert session.elsewhere == []


@pytest.mark.parametrize("in_cell", [False, True])
def test_what_a_reset_forgets_is_forgotten_even_if_a_run_follows_at_once(session, until, in_cell):
    session.want(Wish(SPEC, "run", plot="rate", options=RATE))
    until(lambda: session.state == "finished")
    with session._mailbox:
        session.want(Wish(LONG, "show", afresh=True))
        if not in_cell:
            session.want(Wish(LONG, "run"))
    if in_cell:
        session.run(Wish(LONG, "run"))
    until(lambda: session.state == "finished" and session.spec == LONG)
    assert session.last("rate") is None


def test_a_turn_to_another_picture_of_the_same_work_does_not_stop_what_is_prepared(
    session, until, monkeypatch
):
    begun, make = threading.Event(), session_module.make_job

    def slow(*arguments):
        begun.set()
        until(lambda: session._mailbox.turn is not None)
        PULSE.get()()
        return make(*arguments)

    monkeypatch.setattr(session_module, "make_job", slow)
    session.want(Wish(SPEC, "run"))
    assert begun.wait(PATIENCE_S)
    session.want(Wish(SPEC, "turn", plot="geometry"))
    until(lambda: session.state == "finished")
    assert session.plot == "geometry"
    assert session.last("trace").complete


def test_a_second_press_on_run_does_not_begin_again(session, until):
    session.want(Wish(ENDLESS, "run"))
    until(lambda: session.state == "running" and session.job.share > 0)
    job = session.job
    session.want(Wish(ENDLESS, "run"))
    until(lambda: session._mailbox.wish is None)
    share = job.share
    until(lambda: job.share > share)
    assert session.job is job


def test_a_choice_made_on_another_picture_is_shown_where_nothing_has_begun(session, view, until):
    session.want(Wish(SPEC, "turn", plot="rate", options=RATE))
    until(lambda: session.plot == "rate" and session.state == "idle" and session.job)
    session.want(Wish(LONG, "turn"))
    until(lambda: session.plot == "decay" and session.spec == LONG and session.state == "idle")
    until(lambda: view.frames[-1]["alt"].endswith("not run yet."))
    session.want(Wish(LONG, "turn", plot="rate", options=RATE))
    until(lambda: session.plot == "rate" and session.job.data.spec == LONG)
    assert session.state == "idle"
    assert session.last("trace") is None
    assert session.last("rate") is None
    until(lambda: view.frames[-1]["alt"].endswith("0 of 2 horizons."))


def test_a_picture_that_cannot_be_made_says_why_and_the_others_stay(session, view, until):
    network = RunSpec(problem="mlp", device="cpu")
    session.want(Wish(SPEC, "run"))
    until(lambda: session.state == "finished")
    drawn = len(view.frames)
    session.want(Wish(network, "turn", plot="rate"))
    until(lambda: session.state == "failed")
    assert session.error.startswith("no rate to measure")
    assert len(view.frames) == drawn + 1, "the old picture is not that of the new one"
    assert view.frames[-1]["alt"].endswith("not run yet.")
    session.want(Wish(SPEC, "turn"))
    until(lambda: session.state == "finished")
    assert session.error is None
    assert session.last("trace").complete
    session.want(Wish(SPEC, "turn", plot="rate", options=RATE))
    until(lambda: session.state == "idle")


def test_the_seconds_of_a_work_are_there_when_one_comes_back_to_it(session, until):
    session.want(Wish(SPEC, "run"))
    until(lambda: session.state == "finished")
    seconds = session.seconds
    assert seconds > 0
    session.want(Wish(SPEC, "turn", plot="rate", options=RATE))
    until(lambda: session.plot == "rate" and session.state == "idle" and session.job)
    assert session.seconds == 0
    assert session.last("trace").complete, "of a finished run, whatever is looked at"
    session.want(Wish(SPEC, "turn"))
    until(lambda: session.plot == "decay")
    assert session.seconds == seconds


def test_what_waits_behind_other_pictures_is_known(session, until):
    session.want(Wish(ENDLESS, "run"))
    until(lambda: session.state == "running" and session.job.share > 0)
    session.want(Wish(ENDLESS, "turn", plot="rate", options=RATE))
    until(lambda: session.plot == "rate" and session.state == "idle" and session.job)
    [work] = session.elsewhere
    assert (work.plot, work.wish.spec) == ("decay", ENDLESS)


def test_ctrl_c_before_anything_began_leaves_no_press_behind(session, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(session_module, "make_job", interrupt)
    with pytest.raises(KeyboardInterrupt):
        session.run(Wish(SPEC, "run"))
    assert (session.state, session.intent) == ("idle", "idle")


def test_a_run_that_another_took_the_place_of_leaves_no_intent(session, until):
    with session._mailbox:
        session.want(Wish(ENDLESS, "run"))
        session.want(Wish(SPEC, "turn", plot="rate", options=RATE))
        session.want(Wish(SPEC, "run", plot="rate", options=RATE))
    until(lambda: session.plot == "rate" and session.state == "finished")
    with session._mailbox:
        session.want(Wish(SPEC, "turn"))
        assert session.intent == "idle", "a press on Run is one to run"


STUDIES = {
    "contest": ("quadratic", {"norms": ("frobenius", "sign"), "windows": (1, 4)}),
    "lower_bound": ("chain", {"lengths": (2, 3), "methods": ("Scion, tuned by grid",)}),
    "rate": ("log_cosh", {"horizons": [100, 20_000]}),
}


@pytest.mark.parametrize("plot", STUDIES)
def test_what_ctrl_c_cut_off_is_begun_anew_by_the_next_press(session, view, until, plot):
    problem, options = STUDIES[plot]
    shape = {} if problem == "chain" else {"rows": 2, "columns": 2}
    wish = Wish(SPEC.replace(problem=problem, **shape), "run", plot=plot, options=options)
    frames = len(view.frames)

    def interrupt():
        if len(view.frames) > frames + 3:
            view.during = lambda: None
            raise KeyboardInterrupt

    view.during = interrupt
    cut = session.run(wish)
    assert not cut.finished
    assert session.state == session.intent == "idle"
    session.want(wish)
    until(lambda: session.state in ("finished", "failed"))
    assert session.error is None
    assert session.job is not cut
    assert session.job.data.complete


def test_a_turn_while_a_run_in_a_cell_ends_does_not_change_what_it_returns(session, view, until):
    def turn_once():
        if view.frames[-1]["alt"].startswith("200 calls"):
            session.want(Wish(SPEC, "turn", plot="rate", options=RATE))

    view.during = turn_once
    job = session.run(Wish(SPEC, "run"))
    assert job.data.spec == SPEC
    assert job.data.complete
    until(lambda: session.plot == "rate")


def test_a_page_that_cannot_be_told_costs_no_worker(view, clock, until):
    broken = threading.Event()

    def tell():
        if broken.is_set():
            raise RuntimeError("no page")

    session = Session(view, tell, clock=clock)
    session.show(Wish(SPEC, "show"))
    broken.set()
    session.want(Wish(SPEC, "run"))
    until(lambda: session.traceback is not None and "no page" in session.traceback)
    broken.clear()
    session.want(Wish(LONG, "run"))
    until(lambda: session.state == "finished" and session.spec == LONG)
    assert session.error is None
    assert session.last("trace").complete
    assert view.frames[-1]["alt"].startswith("600 calls")
    session.close()
