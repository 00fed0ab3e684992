"""The live picture in a real browser: frames, words, read-out, theme, reload, console."""

import ast
import math
import re
import time

import pytest

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT = 0.1, 0.95  # of the axes, as parts of the picture's width
FIRST, LAST = 0.8, 2e4  # limits of the x axis
N_FRAMES = 40

SETUP = f"""
import io, threading, time
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from explorer.ui.figure_view import FigureView

W, H = {WIDTH}, {HEIGHT}
x = np.geomspace(1, 1e4, {N_FRAMES})
y = 3 * x**-0.25
views = []
view = FigureView()
view.on_view(lambda *heard: views.append(heard))

def make(ratio, theme):
    paper, ink = ("#111111", "white") if "dark" in theme else ("white", "black")
    figure = Figure(figsize=(W / 100, H / 100), dpi=100 * ratio, facecolor=paper)
    ax = figure.add_axes([{LEFT}, 0.15, {RIGHT - LEFT}, 0.8], facecolor=paper)
    ax.set(xscale="log", yscale="log", xlim=({FIRST}, {LAST}), ylim=(0.1, 5))
    ax.set_xlabel("oracle calls", color=ink)
    ax.tick_params(which="both", colors=ink)
    return figure, ax, ax.plot([], [], "o-")[0]

def push(made, n):
    figure, ax, line = made
    line.set_data(x[:n], y[:n])
    out = io.BytesIO()
    FigureCanvasAgg(figure).print_png(out, pil_kwargs={{"compress_level": 1}})
    box = ax.get_position()
    view.show(
        out.getvalue(),
        alt=f"{{n}} of {N_FRAMES} records",
        axes=[dict(
            box=[box.x0 * W, (1 - box.y1) * H, box.width * W, box.height * H],
            xlim=ax.get_xlim(), ylim=ax.get_ylim(), xscale="log", yscale="log",
            xlabel="oracle calls",
        )],
        size=(W, H),
        series={{"mean": (x[:n], y[:n]), "bound": (x[:n], 2 * y[:n])}},
    )

def work():
    global seconds
    made = make(1, "light")
    start = time.perf_counter()
    for n in range(1, {N_FRAMES} + 1):
        while not view.ready():
            time.sleep(0.001)
        push(made, n)
    seconds = time.perf_counter() - start

view
"""


@pytest.fixture(scope="module")
def lab(shared_lab):
    """One notebook for all tests, with a picture of every record in it."""
    shared_lab.open([SETUP])
    shared_lab.run(f"push(make(1, 'light'), {N_FRAMES})")
    shared_lab.wait_for_frame(1)
    return shared_lab


@pytest.fixture(scope="module")
def seen(lab):
    """What the page showed while a worker thread pushed: frame numbers and pixels."""
    last = int(lab.run("print(view.frame)")) + N_FRAMES
    lab.run("threading.Thread(target=work).start()")
    seen = []
    while lab.frame() < last:
        seen.append((lab.frame(), lab.figure().get_by_role("img").screenshot()))
    return seen


def readout(lab):
    return lab.figure().locator(".explorer-figure-readout")


def numbers(lab):
    text = readout(lab).inner_text()
    found = re.fullmatch(r"oracle calls (\S+): mean (\S+) · bound (\S+)", text)
    assert found, text
    return [float(number.replace(",", "")) for number in found.groups()]


def point_at(lab, calls):
    """Move the mouse to where so many oracle calls are drawn."""
    part = math.log(calls / FIRST) / math.log(LAST / FIRST)
    lab.figure().scroll_into_view_if_needed()  # the cells that a test adds push it out of sight
    box = lab.figure().get_by_role("img").bounding_box()
    lab.page.mouse.move(
        box["x"] + (LEFT + part * (RIGHT - LEFT)) * box["width"], box["y"] + box["height"] / 2
    )


def leave(lab):
    lab.page.mouse.move(0, 0)


def test_frames_of_a_worker_thread_reach_the_page_in_order(seen):
    frames = [frame for frame, _ in seen]
    assert frames == sorted(frames)
    assert len(set(frames)) > 5


def test_pixels_change_with_the_frames(seen):
    assert len({pixels for _, pixels in seen}) > 5


def test_every_frame_is_answered_for(lab, seen):
    assert lab.run("print(view.shown_frame == view.frame, view.ready())") == "True True"


def test_a_running_cell_does_not_hold_the_answers_back(lab):
    busy = "worker = threading.Thread(target=work); worker.start(); worker.join(); print(seconds)"
    # a browser that seems silent gets a frame a second, which would take N_FRAMES - 2 seconds
    assert float(lab.run(busy)) < 0.7 * N_FRAMES


def test_the_picture_has_its_words(lab):
    image = lab.figure().get_by_role("img")
    assert image.get_attribute("alt") == f"{N_FRAMES} of {N_FRAMES} records"


def test_the_view_introduces_itself(lab):
    ratio, width, theme = ast.literal_eval(lab.run("print(views[0])"))
    assert (ratio, theme) == (1, "light")
    assert WIDTH < width < 1400


def test_the_pointer_reads_the_nearest_record_of_every_line(lab):
    for calls in (1.05, 100, 9_000):
        point_at(lab, calls)
        x, mean, bound = numbers(lab)
        assert x == pytest.approx(calls, rel=0.13)  # half the distance of two records
        assert mean == pytest.approx(3 * x**-0.25, rel=2e-3)
        assert bound == pytest.approx(2 * mean, rel=2e-3)
    assert readout(lab).get_attribute("aria-live") == "off"
    assert lab.figure().locator(".explorer-figure-marker").is_visible()


def test_the_read_out_ends_where_the_pointer_leaves(lab):
    point_at(lab, 100)
    leave(lab)
    assert "arrow keys" in readout(lab).inner_text()
    assert not lab.figure().locator(".explorer-figure-marker").is_visible()


def test_arrow_keys_walk_from_record_to_record(lab):
    leave(lab)
    cell = "() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    lab.figure().get_by_role("group").focus()
    active = lab.page.evaluate(cell)
    walk = []
    for key in ("Home", "ArrowRight", "ArrowRight", "ArrowLeft", "End"):
        lab.page.keyboard.press(key)
        walk.append(numbers(lab)[0])
    step = 10 ** (4 / (N_FRAMES - 1))
    assert walk == pytest.approx([1, step, step**2, step, 1e4], rel=2e-3)
    assert readout(lab).get_attribute("aria-live") == "polite"
    assert lab.page.evaluate(cell) == active
    lab.page.keyboard.press("Escape")
    assert "arrow keys" in readout(lab).inner_text()


def test_a_frame_that_cannot_be_read_leaves_the_last_picture(lab):
    image, frame = lab.figure().get_by_role("img"), lab.frame()
    before = image.get_attribute("src")
    lab.run("view.show(b'\\x89PNG\\r\\n\\x1a\\n', alt='broken')")
    lab.wait_for_frame(frame + 1)
    assert image.get_attribute("src") == before
    lab.run("push(make(1, 'light'), 20)")
    lab.wait_for_frame(frame + 2)
    assert image.get_attribute("alt") == f"20 of {N_FRAMES} records"
    lab.run(f"push(make(1, 'light'), {N_FRAMES})")
    lab.wait_for_frame(frame + 3)


def test_the_picture_keeps_its_size_whatever_its_pixels(lab):
    box = lab.figure().get_by_role("img").bounding_box()
    frame = lab.frame()
    lab.run("push(make(2, 'light'), 40)")
    lab.wait_for_frame(frame + 1)
    image = lab.figure().get_by_role("img")
    assert image.evaluate("(image) => image.naturalWidth") == 2 * WIDTH
    assert (image.bounding_box()["width"], image.bounding_box()["height"]) == (WIDTH, HEIGHT)
    assert image.bounding_box()["width"] == box["width"]


def wait_for_theme(lab, theme):
    deadline = time.monotonic() + 60
    while lab.run("print(views[-1][2])").strip() != theme:
        assert time.monotonic() < deadline, f"the kernel was not told of the {theme} theme"
        time.sleep(0.3)


def test_another_theme_reaches_the_kernel(lab):
    for theme in ("dark", "dark high contrast", "light"):
        frame = lab.frame()
        lab.set_theme(f"JupyterLab {theme.title()}")
        wait_for_theme(lab, theme)
        lab.run("push(make(1, views[-1][2]), 40)")
        lab.wait_for_frame(frame + 1)
        point_at(lab, 100)
        assert numbers(lab)[0] == pytest.approx(100, rel=0.13)
        lab.screenshot(f"figure-{theme.replace(' ', '-')}")


@pytest.fixture
def narrow(lab):
    """The page made narrow, and made wide again whatever the test finds."""
    lab.page.set_viewport_size({"width": 800, "height": 1000})
    wait_for_width(lab, lambda width: width < WIDTH)
    yield lab
    lab.page.set_viewport_size({"width": 1400, "height": 1000})
    wait_for_width(lab, lambda width: width == WIDTH)


def wait_for_width(lab, right):
    """Wait until the picture is as wide as wanted and JupyterLab has stopped moving it about."""
    deadline = time.monotonic() + 60
    image, before = lab.figure().get_by_role("img"), None
    while not (before == (box := image.bounding_box()) and right(box["width"])):
        assert time.monotonic() < deadline, f"the picture is still at {box}"
        before = box
        lab.page.wait_for_timeout(500)


def test_a_narrow_page_shrinks_the_picture_and_its_read_out(narrow):
    box = narrow.figure().get_by_role("img").bounding_box()
    assert box["width"] / box["height"] == pytest.approx(WIDTH / HEIGHT, rel=0.01)
    point_at(narrow, 100)
    assert numbers(narrow)[0] == pytest.approx(100, rel=0.13)
    assert int(narrow.run("print(views[-1][1])")) < WIDTH


def test_each_pair_of_axes_reads_its_own_lines(lab):
    frame = lab.frame()
    lab.run(
        """
left = dict(box=[0, 0, W / 2, H], xlim=(0, 10), ylim=(0, 1), xlabel="step", series=["a"])
right = dict(box=[W / 2, 0, W / 2, H], xlim=(10, 0), ylim=(0, 1), yunit="nats", series=["b"])
three = np.array([2.0, 5.0, 8.0])
gap = np.array([0.25, np.nan, 0.75])
lines = {"a": (three, three / 10), "b": (three, gap), "c": (three, three)}
view.show(view.png, alt="two pairs of axes", axes=[left, right], series=lines)
"""
    )
    lab.wait_for_frame(frame + 1)
    picture = lab.figure().get_by_role("group")
    picture.hover(position={"x": 0.55 * WIDTH / 2, "y": HEIGHT / 2})
    assert readout(lab).inner_text() == "step 5: a 0.5"
    picture.hover(position={"x": 1.55 * WIDTH / 2, "y": HEIGHT / 2})
    assert readout(lab).inner_text() == "x 2: b 0.25 nats"  # what is not finite is passed over
    leave(lab)
    picture.focus()
    for key, text in {
        "End": "step 8: a 0.8",
        "ArrowDown": "x 8: b 0.75 nats",
        "ArrowRight": "x 2: b 0.25 nats",  # this axis runs the other way
        "ArrowUp": "step 2: a 0.2",
    }.items():
        lab.page.keyboard.press(key)
        assert readout(lab).inner_text() == text
    lab.page.keyboard.press("Escape")


def test_a_second_view_shows_the_last_frame_at_once(lab):
    lab.run("view")
    last = lab.frame()
    lab.wait_for_frame(last, nth=1)
    first, second = (lab.figure(nth).get_by_role("img").get_attribute("alt") for nth in (0, 1))
    assert first == second
    lab.run("push(make(1, 'light'), 10)")
    lab.wait_for_frame(last + 1, nth=0)
    lab.wait_for_frame(last + 1, nth=1)


def test_after_a_reload_the_last_frame_is_back(lab):
    lab.run("push(make(1, 'light'), 10)")
    last = int(lab.run("print(view.frame)"))
    lab.reload()
    lab.wait_for_frame(last)
    assert lab.figure().get_by_role("img").get_attribute("alt") == f"10 of {N_FRAMES} records"
    lab.run("push(make(1, 'light'), 11)")
    lab.wait_for_frame(last + 1)


def test_a_closed_view_leaves_the_page(lab):
    lab.run("view.close()")
    lab.page.locator(".explorer-figure").first.wait_for(state="detached")
    assert lab.page.locator(".explorer-figure").count() == 0


def test_nothing_was_said_on_the_console(lab):
    assert lab.console_errors == []
