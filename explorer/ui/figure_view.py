"""The live picture: PNG frames to the browser, acknowledgements and the view's size back."""

import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, final

import anywidget
import numpy as np
import traitlets

from explorer.plots._style import THEMES
from explorer.ui._view import Axes, Series, ViewCallback, refuse_unless_png

FRAMES_UNDER_WAY = 2
SILENCE_S = 1.0
SCALES = ("linear", "log")
_HERE = Path(__file__).parent


@final
class FigureView(anywidget.AnyWidget):
    """One picture that a worker thread replaces many times a second.

    Numbers are read out in the browser, by pointer or arrow keys, from ``series``: no message goes
    back and forth for it. At most two frames are under way, so a slow connection makes the
    picture slower and nothing else; a browser that is silent for a second gets one frame a second.

    Args:
        clock: Seconds on a clock that never goes back.
        **traits: Traits of any widget, ``layout`` for instance.

    Example:
        >>> view = FigureView()
        >>> view.ready()
        True
        >>> view
        FigureView(a live picture)
    """

    # read here, not handed over as paths: a path makes anywidget watch the file for changes
    _esm = (_HERE / "figure_view.js").read_text(encoding="utf-8")
    _css = (_HERE / "figure_view.css").read_text(encoding="utf-8")

    png = traitlets.Bytes(b"").tag(sync=True)
    alt = traitlets.Unicode("").tag(sync=True)
    spoken = traitlets.Unicode("").tag(sync=True)
    frame = traitlets.Int(0).tag(sync=True)
    size = traitlets.List(traitlets.Int(), [640, 400]).tag(sync=True)
    axes = traitlets.List(traitlets.Dict()).tag(sync=True)
    series = traitlets.Dict().tag(sync=True)

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, **traits: Any) -> None:
        self._clock = clock
        # reentrant, because sending inside `show` reads the state under the same lock
        self._lock = threading.RLock()
        self._shown_frame = 0
        self._shown_at = self._sent_at = -math.inf
        self._view: tuple[float, int, str] | None = None
        self._view_callbacks: list[ViewCallback] = []
        # without a width of its own the view would be as wide as its picture and could never grow
        traits.setdefault("layout", {"width": "100%", "min_width": "0"})
        super().__init__(**traits)
        self.on_msg(self._take_message)

    def __repr__(self) -> str:
        """Return one line that is the same in every run, for stored notebooks."""
        return "FigureView(a live picture)"

    @property
    def shown_frame(self) -> int:
        """The newest frame that a browser has painted; 0 before the first."""
        return self._shown_frame

    def show(
        self,
        png: bytes,
        *,
        alt: str,
        axes: Axes = (),
        size: tuple[int, int] | None = None,
        series: Series | None = None,
    ) -> None:
        """Send a frame; see :meth:`explorer.ui._view.View.show`."""
        refuse_unless_png(png)
        plain_axes = [_plain_axes(dict(one)) for one in axes]
        packed = None if series is None else {name: _pack(name, *xy) for name, xy in series.items()}
        with self._lock, self.hold_sync():
            self.png = png
            self.alt = alt
            self.axes = plain_axes
            if size is not None:
                self.size = [int(length) for length in size]
            if packed is not None:
                self.series = packed
            self.frame += 1
            self._sent_at = self._clock()

    def ready(self) -> bool:
        """Return whether a frame may be sent: fewer than two under way, or a second of silence."""
        with self._lock:
            if self.frame - self._shown_frame < FRAMES_UNDER_WAY:
                return True
            return self._clock() - max(self._shown_at, self._sent_at) >= SILENCE_S

    def save(self, name: str, mime: str, content: bytes) -> str:
        """Send a file to the browser, which puts it where its downloads go."""
        self.send({"kind": "save", "name": name, "mime": mime}, buffers=[content])
        return f"{name} goes to the browser's downloads."

    def speak(self, words: str) -> None:
        """Put words into the live region of the picture; see :meth:`explorer.ui._view.View`."""
        self.spoken = words

    def on_view(self, callback: ViewCallback) -> None:
        """Register a listener; see :meth:`explorer.ui._view.View.on_view`."""
        with self._lock:
            self._view_callbacks.append(callback)
            view = self._view
        if view is not None:
            callback(*view)

    def get_state(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the state as one frame: a browser that reloads never sees half of two."""
        with self._lock:
            return super().get_state(*args, **kwargs)

    def _send(self, msg: Any, buffers: Any = None) -> None:
        super()._send(msg, buffers=buffers)
        # ipykernel 7.4 has an answer wait for the thread that spoke last, so behind a running cell;
        # with its note of who spoke gone, the answer goes to the subshell that the browser names
        getattr(self.comm, "__dict__", {}).pop("_reply_subshell_id", None)

    def _take_message(self, _widget: object, content: Any, _buffers: object) -> None:
        # the browser is not trusted to be of our version: what is not understood is dropped
        match content:
            case {"kind": "shown", "frame": int(frame)} if not isinstance(frame, bool):
                self._acknowledge(frame)
            case {
                "kind": "view",
                "pixel_ratio": int() | float() as ratio,
                "width": int() | float() as width,
                "theme": str(theme),
            } if 0 < ratio <= 16 and 1 <= width <= 100_000 and theme in THEMES:
                view = (float(ratio), int(width), theme)
                with self._lock:
                    self._view = view
                    callbacks = list(self._view_callbacks)
                # outside the lock: a listener that waits for the worker must not stop a frame
                for callback in callbacks:
                    callback(*view)
            case _:
                pass

    def _acknowledge(self, frame: int) -> None:
        # messages of two threads may overtake each other, and a second view repeats the first's
        with self._lock:
            if self._shown_frame < frame <= self.frame:
                self._shown_frame = frame
                self._shown_at = self._clock()


def _plain_axes(given: dict[str, Any]) -> dict[str, Any]:
    """Return the geometry with JSON's own types; numpy's numbers would not pass."""
    scales = {name: str(given.get(name, "linear")) for name in ("xscale", "yscale")}
    for name, scale in scales.items():
        if scale not in SCALES:
            raise ValueError(
                f"{name} must be one of {SCALES}, got {scale!r}; leave such axes out of the list, "
                "and they are drawn without a read-out."
            )
    limits = {name: [float(end) for end in given[name]] for name in ("box", "xlim", "ylim")}
    words = {name: str(given.get(name, "")) for name in ("xlabel", "ylabel", "xunit", "yunit")}
    lines = {"series": [str(name) for name in given["series"]]} if "series" in given else {}
    return limits | scales | words | lines


def _pack(name: str, x: np.ndarray, y: np.ndarray) -> dict[str, bytes]:
    """Return a line as little-endian float32, which is what the browser reads."""
    if np.shape(x) != np.shape(y) or np.ndim(x) != 1:
        raise ValueError(
            f"series {name!r} needs x and y of one length, got shapes {np.shape(x)} and "
            f"{np.shape(y)}; give one x per record."
        )
    with np.errstate(over="ignore"):
        return {"x": np.asarray(x, "<f4").tobytes(), "y": np.asarray(y, "<f4").tobytes()}
