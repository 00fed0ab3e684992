"""Decay: the dual gradient norm of one run, live, beside its bound and the theorem's exponent."""

from collections.abc import Sequence
from typing import Any, final

import numpy as np

from explorer.plots._base import Series
from explorer.plots._curves import FULL_LABELS, HELD_OUT, Curves
from explorer.plots._style import CHARACTER
from explorer.registry import PLOTS

GUIDE_DECADES = 1.1
# the longest that fits
GUIDE_WORDS = (
    "exponent of the theorem (tuned horizon): ",
    "theorem (tuned horizon): ",
    "theorem: ",
)
FORMULA = len("-p-1/3p-2 = -0.214")
GUIDE_BELOW = 0.55  # of the mean
STATIONARITY = r"$\|\nabla f(X_t)\|_*$"
WEIGHTED = "step-weighted mean so far"
LOWEST = 1e-3  # of the largest value: rounding below it would squeeze all else together


@final
@PLOTS.register("decay")
class Decay(Curves):
    """Mean over seeds in its 25-75 % and 10-90 % bands, weighted mean, bound, exponent, kept runs.

    The weighted mean and the bound refer to the end of a stratum and are drawn there. The guide
    has the slope of the theorem for a tuned horizon; it is no bound of the curve it stands beside.
    """

    label = "Decay"

    def _make(self) -> None:
        ink, run = self.palette.ink, self.palette.run
        self._bands = self.make_bands(run)
        self._kept, self._kept_words = self.make_kept()
        self._bound = self.line(color=ink, ls=(0, (7, 3)), lw=1.8)
        self._weighted = self.line(color=ink, lw=1.6)
        self._loss = self.line(color=self.palette.loss, ls=(0, (4, 1.5)), lw=1.8)
        self._held_out = self.line(color=self.palette.loss, ls=(0, (1, 1)), lw=1.8)
        self._guide = self.line(color=self.palette.guide, lw=2.6)
        self._mean = self.line(color=run, lw=2.2)
        self._present = self.line(color=run, lw=0, marker="o", ms=7)
        self._words = {
            "bound": self.text(ink),
            "weighted": self.text(ink),
            "mean": self.text(run, ha="left", va="top"),
            "guide": self.text(self.palette.guide, ha="right", va="top"),
            "loss": self.text(self.palette.loss),
            "held out": self.text(self.palette.loss),
        }
        self.name_x()

    def update(self, data: Any, kept: Sequence[tuple[str, Any]] = ()) -> None:
        self._entitle(data.title)
        network = data.spec.network
        label = "stationarity, and loss" if network else STATIONARITY
        self.axes.set_ylabel(label, fontsize=11, labelpad=1)
        kept = [(label, trace) for label, trace in kept if len(trace)]
        for artist in self.moving:
            artist.set_visible(False)
        if not len(data):
            self.fit_empty(data)
            return
        calls, mean = self.x_of(data, data.calls), data.mean
        ends = self.x_of(data, data.stratum_end)
        seeds = data.stationarity[:, data.finite]
        edges = self.edges(seeds) if data.finite.any() else None
        if edges is not None and seeds.shape[1] > 1:
            self.show_bands(self._bands, calls, edges)
        self._show(self._mean, calls, mean)
        if not data.spec.network:
            self._show(self._weighted, ends, data.running_mean)
        if data.bound_unmet is None:
            self._show(self._bound, ends, data.bound)
        if data.present is not None:
            self._show(self._present, self.x_of(data, np.array([data.present.calls])), [data.now])
        if data.spec.network:
            self._show(self._loss, calls, data.mean_measures["value"])
            if HELD_OUT in data.mean_measures:
                self._show(self._held_out, calls, data.mean_measures[HELD_OUT])
        for line, (_, trace) in zip(self._kept, kept, strict=False):
            self._show(line, self.x_of(trace, trace.calls), trace.mean)
        self._limits(data, kept)
        self._show_guide(data, kept)
        if edges is not None and len(data) >= FULL_LABELS:
            self._show_words(data, kept, edges)

    def series(self, data: Any, kept: Sequence[tuple[str, Any]] = ()) -> Series:
        if not len(data):
            return {}
        calls, ends = self.x_of(data, data.calls), self.x_of(data, data.stratum_end)
        lines = {"mean over seeds": (calls, data.mean)}
        if not data.spec.network:
            lines["weighted mean"] = (ends, data.running_mean)
        if data.bound_unmet is None:
            lines["bound"] = (ends, data.bound)
        if data.spec.network:
            lines["training loss"] = (calls, data.mean_measures["value"])
            if HELD_OUT in data.mean_measures:
                lines[HELD_OUT] = (calls, data.mean_measures[HELD_OUT])
        return lines | {
            label: (self.x_of(trace, trace.calls), trace.mean)
            for label, trace in kept
            if len(trace)
        }

    def _limits(self, data: Any, kept: Sequence[tuple[str, Any]]) -> None:
        """Fit the axes: to the horizon in x, and in y to what is there and may be expected."""
        lines = [*self.series(data, kept).values()]
        values = np.concatenate([y for _, y in lines])
        values = values[np.isfinite(values) & (values > 0)]
        if not len(values):
            self.fit_empty(data)
            return
        values = values[values > LOWEST * values.max()]
        first, last = self.ends([data, *(trace for _, trace in kept)])
        expected = data.mean[0] * (data.spec.n_steps) ** (data.exponent or -0.25)
        low = min(values.min(), expected) if not data.complete else values.min()
        room = 0.35 if self._has_guide(data) else 0.7
        self._fit_axes((first, last * 1.02), (room * low, 1.4 * values.max()))

    def _has_guide(self, data: Any) -> bool:
        log = self.axes.get_xscale() == "log"
        # fixed parameters end on a floor: no power law goes through such a run
        lawful = data.bound_unmet is None and data.spec.schedule == "anytime"
        timed = self.against == "seconds"  # a power of calls, not of what a machine needs for them
        return log and lawful and not timed and len(data) >= FULL_LABELS

    def _show_guide(self, data: Any, kept: Sequence[tuple[str, Any]]) -> None:
        """Draw the exponent as a short line under the last decade so far, clear of kept runs."""
        if not self._has_guide(data):
            return
        calls, mean = self.x_of(data, data.calls), data.mean
        end = calls[-1] * 0.8
        start = max(end / 10**GUIDE_DECADES, calls[0] * 1.5)
        if end / start < 3:
            return
        # a median over neighbours: one jump of one seed must not throw the line about
        near = (calls > start / 1.6) & (calls < start * 1.6)
        lows = [np.median(mean[near])] if near.any() else [np.nan]
        for _, trace in kept:
            there = self.x_of(trace, trace.calls)
            beside = (there > start / 1.6) & (there < start * 1.6)
            if beside.any():
                lows.append(np.median(trace.mean[beside]))
        level = GUIDE_BELOW * min(lows)
        x = np.array([start, end])
        y = level * (x / start) ** data.exponent
        self._show(self._guide, x, y)
        words = self._words["guide"]
        letter = CHARACTER * float(words.get_fontsize()) / 72 * self.figure.dpi
        room = self.axes.bbox.width
        said = next((one for one in GUIDE_WORDS if letter * (len(one) + FORMULA) < room), "")
        width = letter * (len(said) + FORMULA)
        words.set_text(f"{said}${data.exponent_formula} = {data.exponent:.3f}$")
        # right-aligned at the line's end, unless that would push it over the axis
        pixel = max(self._pixels(end, y[1])[0], self.axes.bbox.x0 + width)
        words.set_position((self.axes.transData.inverted().transform((pixel, 0))[0], y[1] / 1.12))
        words.set_visible(True)

    def _show_words(self, data: Any, kept: Sequence[tuple[str, Any]], edges: np.ndarray) -> None:
        words, seeds = self._words, data.spec.seeds
        self.place(words["bound"], self._bound, "explicit bound on the weighted mean")
        self.place(words["weighted"], self._weighted, WEIGHTED)
        if self.touches(words["weighted"]):  # the bound is close above
            self.place(words["weighted"], self._weighted, WEIGHTED, below_at=[0.55, 0.35, 0.02])
        shares = [0.5, 0.35, 0.2, 0.65, 0.02]
        self.place(words["loss"], self._loss, "training loss", below_at=shares)
        if self._held_out.get_visible():
            self.place(words["held out"], self._held_out, HELD_OUT)
        text = f"mean of {seeds} seeds, 25-75 % and 10-90 %" if seeds > 1 else "one seed"
        calls = self.x_of(data, data.calls)
        if data.spec.network:
            upper = (calls, edges[3])
            self.place(words["mean"], upper, f"stationarity, {text}")
        else:
            lower = (calls, edges[0])
            self.place(words["mean"], lower, text.replace(", ", ",\n"), below_at=[0.14, 0.02, 0.3])
        for i, (text_artist, (label, trace)) in enumerate(
            zip(self._kept_words, kept, strict=False)
        ):
            shares = [0.42 + 0.12 * i, 0.3, 0.54, 0.66, 0.2, 0.02]
            x = self.x_of(trace, trace.calls)
            self.place(text_artist, (x, trace.mean), label, below_at=shares)
