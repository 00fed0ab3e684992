"""The live picture without a browser: what is sent, when, and what comes back."""

import math
import threading

import numpy as np
import pytest

from explorer.ui.figure_view import FigureView
from explorer.ui.image_view import ImageView

PNG = b"\x89PNG\r\n\x1a\n" + b"pixels"
AXES = {
    "box": np.array([50, 10, 500, 300]),
    "xlim": (np.float64(1), np.float64(1e4)),
    "ylim": (0.1, 10),
    "xscale": "log",
    "yscale": "log",
    "xlabel": "oracle calls",
}


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def view(clock):
    view = FigureView(clock=clock)
    yield view
    view.close()


def from_browser(view, **content):
    view._handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})


def show(view, times=1):
    for _ in range(times):
        view.show(PNG, alt="a picture")


def sent_by(view, monkeypatch):
    sent = []
    monkeypatch.setattr(view.comm, "send", lambda data, buffers=None: sent.append((data, buffers)))
    return sent


def test_a_frame_is_one_message(view, monkeypatch):
    sent = sent_by(view, monkeypatch)
    x, y = np.array([1.0, 10.0]), np.array([3.0, 0.5])
    view.show(PNG, alt="it falls", axes=[AXES], size=(600, 400), series={"mean": (x, y)})
    [(data, buffers)] = sent
    assert set(data["state"]) == {"alt", "frame", "size", "axes", "series"}  # png is a buffer
    assert data["state"]["alt"] == "it falls"
    assert data["state"]["frame"] == 1
    assert bytes(buffers[data["buffer_paths"].index(["png"])]) == PNG
    sent_x = buffers[data["buffer_paths"].index(["series", "mean", "x"])]
    np.testing.assert_array_equal(np.frombuffer(sent_x, "<f4"), x)


def test_numbers_that_are_not_given_stay_and_are_not_sent_again(view, monkeypatch):
    view.show(PNG, alt="", axes=[AXES], size=(600, 400), series={"mean": ([1, 2], [3, 4])})
    before = view.series
    sent = sent_by(view, monkeypatch)
    view.show(PNG, alt="", axes=[AXES])
    assert set(sent[0][0]["state"]) == {"frame"}
    assert view.series == before
    assert view.size == [600, 400]


def test_numpy_numbers_become_plain_ones(view):
    view.show(PNG, alt="", axes=[AXES], size=(np.int64(600), np.int64(400)))
    [axes] = view.axes
    assert axes["box"] == [50.0, 10.0, 500.0, 300.0]
    assert {type(number) for number in [*axes["box"], *axes["xlim"]]} == {float}
    assert (axes["ylabel"], axes["xunit"]) == ("", "")
    assert "series" not in axes


def test_bytes_that_are_no_png_are_refused(view):
    with pytest.raises(ValueError, match="png must be"):
        view.show(b"GIF89a", alt="")
    assert view.frame == 0


def test_lines_of_unequal_length_are_refused(view):
    with pytest.raises(ValueError, match="'mean' needs x and y of one length"):
        view.show(PNG, alt="", series={"mean": ([1, 2], [3])})
    assert view.frame == 0


def test_a_scale_that_the_browser_cannot_read_is_refused(view):
    with pytest.raises(ValueError, match="xscale must be one of"):
        view.show(PNG, alt="", axes=[AXES | {"xscale": "symlog"}])
    assert view.frame == 0


def test_at_most_two_frames_are_under_way(view):
    show(view)
    assert view.ready()
    show(view)
    assert not view.ready()
    from_browser(view, kind="shown", frame=1)
    assert view.ready()
    show(view)
    assert not view.ready()
    from_browser(view, kind="shown", frame=3)
    assert view.ready()
    assert view.shown_frame == 3


def test_a_silent_browser_gets_one_frame_a_second(view, clock):
    show(view, times=2)
    clock.now += 0.99
    assert not view.ready()
    for _ in range(3):
        clock.now += 1.0
        assert view.ready()
        show(view)
        assert not view.ready()


def test_an_answer_after_silence_brings_the_pace_back(view, clock):
    show(view, times=2)
    clock.now += 5
    show(view)
    from_browser(view, kind="shown", frame=3)
    show(view)
    assert view.ready()


def test_answers_that_overtake_each_other_count_once(view):
    show(view, times=2)
    from_browser(view, kind="shown", frame=2)
    from_browser(view, kind="shown", frame=1)
    assert view.shown_frame == 2


MALFORMED = [
    {},
    {"kind": "shown"},
    {"kind": "shown", "frame": "2"},
    {"kind": "shown", "frame": True},
    {"kind": "shown", "frame": 3},
    {"kind": "shown", "frame": -1},
    {"kind": "shown", "frame": math.nan},
    {"kind": "view", "pixel_ratio": 1, "width": 800},
    {"kind": "view", "pixel_ratio": 1, "width": 800, "theme": "pink"},
    {"kind": "view", "pixel_ratio": 0, "width": 800, "theme": "dark"},
    {"kind": "view", "pixel_ratio": math.nan, "width": 800, "theme": "dark"},
    {"kind": "view", "pixel_ratio": math.inf, "width": 800, "theme": "dark"},
    {"kind": "view", "pixel_ratio": 1, "width": -5, "theme": "dark"},
    {"kind": "view", "pixel_ratio": 1, "width": math.nan, "theme": "dark"},
    {"kind": "view", "pixel_ratio": 1, "width": [800], "theme": "dark"},
    {"kind": "view", "pixel_ratio": "2", "width": 800, "theme": "dark"},
    {"kind": ["view"]},
    "shown",
    None,
    7,
    ["shown", 1],
]


@pytest.mark.parametrize("content", MALFORMED, ids=str)
def test_a_malformed_message_changes_nothing(view, content):
    heard = []
    view.on_view(lambda *args: heard.append(args))
    show(view, times=2)
    view._handle_custom_msg(content, [])
    assert (view.shown_frame, view.ready(), heard) == (0, False, [])
    from_browser(view, kind="shown", frame=2)
    assert view.ready()


def test_a_view_is_told_to_every_listener(view):
    first, second = [], []
    view.on_view(lambda *args: first.append(args))
    view.on_view(lambda *args: second.append(args))
    from_browser(view, kind="view", pixel_ratio=2, width=812.5, theme="dark")
    assert first == second == [(2.0, 812, "dark")]


def test_a_late_listener_hears_the_view_that_is_known(view):
    from_browser(view, kind="view", pixel_ratio=1.5, width=900, theme="light")
    heard = []
    view.on_view(lambda *args: heard.append(args))
    assert heard == [(1.5, 900, "light")]


def test_its_line_of_text_is_the_same_in_every_run(view):
    show(view)
    text = view._repr_mimebundle_()[0]["text/plain"]
    assert text == repr(view) == "FigureView(a live picture)"


def test_browser_and_worker_at_once_lose_no_frame(view, monkeypatch):
    sent, heard, failed = [], [], []
    monkeypatch.setattr(
        view.comm,
        "send",
        lambda data, buffers: sent.append(
            (data["state"], bytes(buffers[data["buffer_paths"].index(["png"])]))
        ),
    )
    view.on_view(lambda *args: heard.append(args))
    done = threading.Event()

    def guard(work):
        try:
            work()
        except BaseException as error:
            failed.append(error)
            done.set()

    def worker():
        for frame in range(1, 201):
            view.show(PNG + b"%d" % frame, alt=str(frame), series={"n": ([frame], [frame])})
            view.ready()
        done.set()

    def browser():
        over = False
        while not over:  # at least once, be the worker as quick as it likes
            over = done.is_set()
            from_browser(view, kind="shown", frame=view.frame)
            from_browser(view, kind="view", pixel_ratio=1, width=800, theme="dark")
            view.ready()

    def reload():
        while not done.is_set():
            state = view.get_state()
            if state["frame"]:
                assert state["png"] == PNG + state["alt"].encode()
                assert state["alt"] == str(state["frame"])

    threads = [threading.Thread(target=guard, args=[w]) for w in (worker, browser, browser, reload)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failed == []
    assert [state["frame"] for state, _ in sent] == list(range(1, 201))
    assert [png for _, png in sent] == [PNG + b"%d" % frame for frame in range(1, 201)]
    assert heard
    assert view.shown_frame <= view.frame == 200


def test_a_closed_view_takes_frames_and_says_nothing(view):
    view.close()
    show(view)
    assert view.frame == 1


def test_the_plain_picture_keeps_a_pace_of_eight_a_second(clock):
    view = ImageView(clock=clock)
    assert view.ready()
    view.show(PNG, alt="it falls", axes=[AXES], size=(600, 400), series={"mean": ([1], [2])})
    assert not view.ready()
    clock.now += 0.126
    assert view.ready()


def test_the_plain_picture_carries_its_words_as_text():
    view = ImageView()
    view.show(PNG, alt="mean < bound", size=(600, 400))
    image, words, spoken = view.children
    assert bytes(image.value) == PNG
    assert (image.width, image.height) == ("600", "400")
    assert words.value == '<div class="explorer-unseen">mean &lt; bound</div>'
    assert "aria-live" not in words.value, "frames are not spoken"
    view.speak("a < b")
    assert 'aria-live="polite">a &lt; b</div>' in spoken.value
    assert repr(view) == "ImageView(a picture)"


def test_the_plain_picture_refuses_what_is_no_png():
    with pytest.raises(ValueError, match="png must be"):
        ImageView().show(b"", alt="")


def test_the_plain_picture_has_no_browser_to_listen_to():
    heard = []
    ImageView().on_view(lambda *args: heard.append(args))
    assert heard == []
