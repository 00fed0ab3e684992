"""The worker and its mailbox: what is wished for is what runs, and what runs is what `run` runs."""

import itertools
import threading
import time

import numpy as np
import pytest

from explorer import RunSpec, run
from explorer.ui._kept import MOST_KEPT
from explorer.ui.session import Session, Wish

SPEC = RunSpec(horizon=200, seeds=2, device="cpu")
LONG = SPEC.replace(horizon=600)
ENDLESS = SPEC.replace(horizon=5_000_000)
PATIENCE_S = 30


@pytest.fixture(scope="module")
def reference():
    return run(SPEC)


def test_a_new_session_is_idle_and_shows_an_empty_picture(session, view):
    assert (session.state, session.job, session.error) == ("idle", None, None)
    assert session._worker is None
    [frame] = view.frames
    assert frame["png"].startswith(b"\x89PNG\r\n\x1a\n")
    assert frame["alt"].endswith("not run yet.")
    assert session.picture().startswith(b"\x89PNG\r\n\x1a\n")


def test_a_run_goes_through_its_states_in_order(view, until, clock):
    states = []
    session = Session(view, lambda: states.append(session.state), clock=clock)
    session.show(Wish(SPEC, "show"))
    session.want(Wish(SPEC, "run"))
    until(lambda: session.state == "finished")
    session.want(Wish(SPEC, "show"))
    until(lambda: session.state == "idle" and session.job is None)
    session.close()
    assert list(dict.fromkeys(states)) == ["idle", "running", "finished"]
    assert states[-1] == "idle"


def test_the_worker_rests_once_after_its_work_and_gives_memory_back(
    view, monkeypatch, until, clock
):
    done = []
    monkeypatch.setattr("explorer.ui.session.REST_S", 0.01)
    monkeypatch.setattr("explorer.ui.session.give_memory_back", lambda: done.append("memory"))
    session = Session(view, on_rest=lambda: done.append(session.state), clock=clock)
    session.show(Wish(SPEC, "show"))
    for _ in range(2):
        session.want(Wish(SPEC, "run"))
        until(lambda: session.state == "finished" and len(done) == 2)
        time.sleep(0.1)
        assert done == ["finished", "memory"]
        done.clear()
    session.close()


def test_while_a_job_is_made_the_page_is_told(view, monkeypatch, until, clock):
    told = []
    session = Session(view, lambda: told.append(session.preparing), clock=clock)
    session.show(Wish(SPEC, "show"))
    session.want(Wish(SPEC, "run"))
    until(lambda: session.state == "finished")
    assert True in told
    assert told[-1] is False
    session.want(Wish(RunSpec(problem="mlp", device="cpu"), "run", plot="rate"))
    until(lambda: session.state == "failed")
    assert session.preparing is False
    session.close()


def test_a_rest_that_fails_costs_neither_the_run_nor_the_worker(view, monkeypatch, until, clock):
    monkeypatch.setattr("explorer.ui.session.REST_S", 0.01)
    rests = []

    def fail():
        rests.append(session.state)
        raise OSError("no room")

    session = Session(view, on_rest=fail, clock=clock)
    session.show(Wish(ENDLESS, "show"))
    session.want(Wish(ENDLESS, "run"))
    until(lambda: session.job is not None and session.job.share > 0)
    session.want(Wish(ENDLESS, "pause"))
    until(lambda: rests == ["paused"] and session.traceback is not None)
    assert (session.state, session.error) == ("paused", None)
    assert "OSError: no room" in session.traceback
    job = session.job
    session.want(Wish(ENDLESS, "run"))
    until(lambda: session.state == "running")
    assert session.job is job
    session.want(Wish(SPEC, "run"))
    until(lambda: len(rests) == 2)
    assert session.state == "finished"
    session.close()


def test_a_run_of_the_worker_equals_run_to_the_bit(
    session, view, reference, until, assert_same_bits
):
    session.want(Wish(SPEC, "run"))
    until(lambda: session.state == "finished")
    assert_same_bits(session.job.data, reference)
    assert session.sentence == reference.sentence == view.frames[-1]["alt"]
    assert len(view.frames) > 3


def test_a_run_in_the_callers_thread_equals_run_to_the_bit(session, reference, assert_same_bits):
    job = session.run(Wish(SPEC, "run"))
    assert session.state == "finished"
    assert session._worker is None
    assert_same_bits(job.data, reference)


def test_variants_run_beside_with_the_same_seeds(session, view, until, assert_same_bits):
    change = {"transport": True}
    session.want(Wish(SPEC, "run", (change,)))
    until(lambda: session.state == "finished")
    [(label, trace)] = session.job.beside
    assert label == "transport on"
    assert_same_bits(trace, run(SPEC.replace(**change)))
    assert any("transport on" in name for name in view.frames[-1]["series"])


def test_a_new_wish_while_running_restarts_with_the_newest(
    session, reference, until, assert_same_bits
):
    session.want(Wish(ENDLESS, "run"))
    until(lambda: session.state == "running")
    for seed in (5, 6, 7):
        session.want(Wish(SPEC.replace(seed=seed), "run"))
    session.want(Wish(SPEC, "run"))
    until(lambda: session.state == "finished")
    assert_same_bits(session.job.data, reference)


def test_a_paused_session_stays_paused_at_step_zero_for_a_new_choice(session, until):
    session.want(Wish(ENDLESS, "run"))
    until(lambda: session.state == "running" and session.job.share > 0)
    session.want(Wish(ENDLESS, "pause"))
    until(lambda: session.state == "paused")
    assert session.job.share > 0
    session.want(Wish(SPEC, "pause"))
    until(lambda: session.job.data.spec == SPEC and session.state == "paused")
    assert (session.job.share, len(session.job.data)) == (0, 0)


def test_a_choice_made_while_paused_runs_from_its_start(
    session, reference, until, assert_same_bits
):
    session.want(Wish(ENDLESS, "run"))
    until(lambda: session.state == "running")
    session.want(Wish(ENDLESS, "pause"))
    until(lambda: session.state == "paused")
    session.want(Wish(SPEC, "pause"))
    until(lambda: session.job.data.spec == SPEC and session.state == "paused")
    session.want(Wish(SPEC, "run"))
    until(lambda: session.state == "finished")
    assert_same_bits(session.job.data, reference)


def test_pausing_and_going_on_gives_the_trace_of_an_unpaused_run(
    session, view, until, assert_same_bits
):
    # the wish is left while a frame is drawn, so the pause falls in the middle of the run
    def pause_once():
        if len(view.frames) == 5:
            session.want(Wish(LONG, "pause"))

    view.during = pause_once
    session.want(Wish(LONG, "run"))
    until(lambda: session.state == "paused")
    job = session.job
    assert 0 < job.share < 1
    session.want(Wish(LONG, "run"))
    until(lambda: session.state == "finished")
    assert session.job is job
    assert_same_bits(job.data, run(LONG))


def test_a_pause_that_comes_after_the_end_loses_nothing(
    session, reference, until, assert_same_bits
):
    session.want(Wish(SPEC, "run"))
    until(lambda: session.state == "finished")
    job = session.job
    session.want(Wish(SPEC, "pause"))
    until(lambda: session._mailbox.wish is None)
    with session._engine:  # the worker has done what it took
        assert session.job is job
        assert session.state == "finished"
    assert_same_bits(job.data, reference)


def test_run_after_the_end_repeats_the_same_bits(session, reference, until, assert_same_bits):
    session.want(Wish(SPEC, "run"))
    until(lambda: session.state == "finished")
    first = session.job
    session.want(Wish(SPEC, "run"))
    until(lambda: session.job is not first and session.job.finished)
    until(lambda: session.state == "finished")
    assert_same_bits(session.job.data, reference)


def test_an_exception_in_the_worker_is_kept_and_the_next_wish_works(
    session, view, reference, until, assert_same_bits
):
    def fail():
        view.during = lambda: None
        raise OSError("the picture was <torn>")

    view.during = fail
    session.want(Wish(SPEC, "run"))
    until(lambda: session.state == "failed")
    assert session.error.startswith("OSError: the picture was <torn>\ntest_session.py, line ")
    assert "in fail" in session.traceback
    session.want(Wish(SPEC, "run"))
    until(lambda: session.state == "finished")
    assert (session.error, session.traceback) == (None, None)
    assert_same_bits(session.job.data, reference)


def test_work_that_cannot_begin_fails_with_its_sentence(session, until):
    session.want(Wish(RunSpec(problem="mlp", device="cpu"), "run", plot="rate"))
    until(lambda: session.state == "failed")
    assert session.error.startswith("no rate to measure: ")
    assert "Traceback" in session.traceback
    session.want(Wish(SPEC, "show"))
    until(lambda: session.state == "idle")
    assert session.error is None


def test_an_exception_in_the_callers_thread_reaches_the_caller_and_the_state(session, view):
    def fail():
        raise OSError("the picture was torn")

    view.during = fail
    with pytest.raises(OSError, match="torn"):
        session.run(Wish(SPEC, "run"))
    assert session.state == "failed"
    assert session.error.startswith("OSError: the picture was torn\ntest_session.py, line ")


def test_an_interrupted_run_in_the_callers_thread_leaves_an_incomplete_trace(session, view):
    def interrupt():
        if len(view.frames) == 4:
            raise KeyboardInterrupt

    view.during = interrupt
    job = session.run(Wish(SPEC, "run"))
    assert session.state == "idle"
    assert not job.data.complete
    assert 0 < job.share < 1


def test_a_run_in_the_callers_thread_puts_a_busy_worker_to_rest(
    session, reference, until, assert_same_bits
):
    session.want(Wish(ENDLESS, "run"))
    until(lambda: session.state == "running" and session.job.share > 0)
    job = session.run(Wish(SPEC, "run"))
    assert session.state == "finished"
    assert session.job is job
    assert_same_bits(job.data, reference)
    session.want(Wish(LONG, "run"))
    until(lambda: session.job.data.spec == LONG and session.job.finished)
    until(lambda: session.state == "finished")
    assert session._worker.is_alive()
    assert session.job.data.complete


def test_a_wish_left_during_a_run_in_the_callers_thread_comes_next(session, view, until):
    def wish_once():
        if len(view.frames) == 3:
            session.want(Wish(LONG, "run"))

    view.during = wish_once
    job = session.run(Wish(SPEC, "run"))
    assert job.data.complete
    assert job.data.spec == SPEC
    until(lambda: session.job.data.spec == LONG and session.job.data.complete)
    until(lambda: session.state == "finished")


@pytest.mark.parametrize("allowed", [0, 3])
def test_a_run_shows_no_more_frames_than_the_view_is_ready_for(allowed, view, clock):
    left = [allowed]

    def ready():
        left[0] -= 1
        return left[0] >= 0

    view.ready = ready
    session = Session(view, clock=clock)
    session.show(Wish(LONG, "show"))
    session.run(Wish(LONG, "run"))
    assert left[0] < 0
    assert len(view.frames) == 1 + allowed + 1  # the empty picture, the live ones, the last one


def test_the_last_picture_is_shown_before_finished_is_said(view, clock):
    seen = []
    session = Session(
        view,
        lambda: seen.append((session.state, [frame["alt"] for frame in view.frames])),
        clock=clock,
    )
    session.show(Wish(SPEC, "show"))
    session.run(Wish(SPEC, "run"))
    shown = next(alts for state, alts in seen if state == "finished")
    assert shown[-1].startswith("200 calls, 2 seeds:")


def test_four_threads_of_wishes_leave_a_sane_session(session, reference, until, assert_same_bits):
    failed = []

    def hammer(number):
        rng = np.random.default_rng(number)
        try:
            for _ in range(40):
                spec = (SPEC, LONG, ENDLESS)[rng.integers(3)]
                action = ("run", "pause", "show", "turn")[rng.integers(4)]
                session.want(Wish(spec, action, plot=("decay", "rate")[rng.integers(2)]))
                session.look(width=int(rng.integers(400, 402)))
                if rng.random() < 0.3:
                    time.sleep(rng.random() * 0.06)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=hammer, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert failed == []
    assert session.state in ("idle", "running", "paused", "finished")
    assert session.error is None
    assert session._worker.is_alive()
    session.want(Wish(SPEC, "show"))
    until(lambda: session.state == "idle" and session.job is None)
    session.want(Wish(SPEC, "run"))
    until(lambda: session.state == "finished")
    assert_same_bits(session.job.data, reference)


def test_the_first_wishes_of_many_threads_start_one_worker(session):
    before = threading.active_count()
    threads = [threading.Thread(target=session.want, args=[Wish(ENDLESS, "run")]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert threading.active_count() == before + 1


def test_close_ends_the_worker_in_the_middle_of_a_run(session, until):
    session.want(Wish(ENDLESS, "run"))
    until(lambda: session.state == "running")
    session.close()
    session._worker.join(PATIENCE_S)
    assert not session._worker.is_alive()
    job = session.job
    session.want(Wish(SPEC, "run"))
    time.sleep(0.1)
    assert session.job is job
    assert not session._worker.is_alive()


def test_at_most_four_runs_are_kept_and_a_fifth_is_refused(session):
    for seed in range(MOST_KEPT):
        session.run(Wish(SPEC.replace(seed=seed), "run"))
        session.keep()
    session.run(Wish(SPEC.replace(seed=MOST_KEPT), "run"))
    with pytest.raises(ValueError, match="drop one"):
        session.keep()
    assert [trace.spec.seed for trace in session.kept] == [0, 1, 2, 3]
    session.drop_kept(1)
    session.keep()
    assert [trace.spec.seed for trace in session.kept] == [0, 2, 3, 4]
    session.drop_kept()
    assert session.kept == []


def test_kept_runs_are_labelled_by_the_fields_that_differ(session, view):
    session.run(Wish(SPEC, "run"))
    session.keep()
    session.run(Wish(SPEC.replace(transport=True, tail_index=1.3), "run"))
    names = list(view.frames[-1]["series"])
    assert any("tail index 1.6, transport off" in name for name in names), names
    session.drop_kept()
    assert not any("transport off" in name for name in view.frames[-1]["series"])


def test_nothing_is_kept_before_something_ran(session):
    with pytest.raises(ValueError, match="no run to keep"):
        session.keep()
    assert session.kept == []


def test_a_new_look_is_drawn_when_nothing_runs(session, view):
    view.callback(2.0, 900, "dark")
    assert len(view.frames) == 2
    light, dark = view.frames
    assert dark["size"][0] == 900 != light["size"][0]
    assert dark["png"] != light["png"]
    view.callback(2.0, 900, "dark")
    assert len(view.frames) == 2


def test_a_new_look_is_drawn_by_the_worker_once_there_is_one(session, view, until):
    session.want(Wish(SPEC, "run"))
    until(lambda: session.state == "finished")
    view.callback(1.0, 500, "light")
    until(lambda: view.frames[-1]["size"][0] == 500)
    assert session.state == "finished"
    assert view.frames[-1]["alt"].startswith("200 calls")


@pytest.mark.parametrize("worker", [False, True])
def test_of_two_looks_that_race_the_newer_is_drawn(session, view, worker, until):
    if worker:
        session.want(Wish(SPEC, "run"))
        until(lambda: session.state == "finished")
    drawing, go_on = threading.Event(), threading.Event()

    def hold():
        drawing.set()
        assert go_on.wait(PATIENCE_S)

    view.during = hold
    first = threading.Thread(target=view.callback, args=[1.0, 500, "light"])
    first.start()
    assert drawing.wait(PATIENCE_S)
    view.callback(1.0, 640, "light")
    assert view.frames[-1]["size"][0] == 500
    go_on.set()
    first.join(PATIENCE_S)
    until(lambda: view.frames[-1]["size"][0] == 640)


def test_a_look_that_comes_with_the_last_frame_of_a_run_is_drawn(session, view):
    drawing, go_on = threading.Event(), threading.Event()

    def hold():
        if view.frames[-1]["alt"].startswith("200 calls"):
            view.during = lambda: None
            drawing.set()
            assert go_on.wait(PATIENCE_S)

    def look():
        drawing.wait(PATIENCE_S)
        view.callback(1.0, 640, "light")
        go_on.set()

    view.during = hold
    other = threading.Thread(target=look)
    other.start()
    session.run(Wish(SPEC, "run"))
    other.join(PATIENCE_S)
    assert view.frames[-1]["size"][0] == 640


def test_the_seconds_are_those_that_a_user_waits_and_stand_still_when_it_is_over(view):
    ticks = itertools.count()
    session = Session(view, clock=lambda: float(next(ticks)))
    session.run(Wish(SPEC, "run"))
    steps = SPEC.n_steps
    assert session.seconds >= steps, "this clock moves by a second whenever it is read"
    stood = session.seconds
    assert next(ticks) > stood
    assert session.seconds == stood
    session.show(Wish(SPEC, "show"))
    session.run(Wish(SPEC.replace(horizon=SPEC.horizon // 2), "run"))
    assert session.seconds < stood, "a new job counts anew"


def test_a_closed_session_lets_its_worker_go(session, until):
    session.want(Wish(SPEC.replace(horizon=10**7), "run"))
    until(lambda: session.state == "running")
    session.close()
    session.join(PATIENCE_S)
    assert not session._worker.is_alive()
