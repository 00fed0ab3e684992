"""Contest: several norms on one problem in one noise, each tuned, and measured alike."""

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from explorer.run._shown import Shown
from explorer.run._words import noise_of
from explorer.run.spec import RunSpec
from explorer.run.trace import Trace
from explorer.run.tuning import Setting, frobenius_means
from explorer.theory.bootstrap import mean_interval, ratio_interval

GUIDE = (
    "the predictor is a guide: it compares upper bounds, names the right side in most problems but "
    "not in all, and overstates how far apart two norms are."
)


@final
@dataclass(kw_only=True, repr=False)
class Contest(Shown):
    r"""Norms beside each other in one measure: the mean of :math:`\|\nabla f(X_t)\|_F`.

    The mean is over all steps of a run and its seeds, of the exact gradient at the iterate. Every
    norm runs with its own best batch and step size; those were found on other seeds than are
    reported, since the best of many settings looks better on the seeds that chose it than it is.

    Attributes:
        spec: What the norms share; its noise has one scale for all of them.
        norms: Their names; the first is what the others are compared with.
        settings: What each was tuned to, so far.
        traces: Its run on fresh seeds; the last one may be under way.
        expected: The predictor's gain over the first norm, NaN where a constant is unknown.
        remarks: Sentences on noise and predictor.
    """

    usual_plot: ClassVar[str] = "contest"

    spec: RunSpec
    norms: tuple[str, ...]
    settings: list[Setting] = field(default_factory=list[Setting])
    traces: list[Trace] = field(default_factory=list[Trace])
    expected: list[float] = field(default_factory=list[float])
    remarks: tuple[str, ...] = ()

    def __len__(self) -> int:
        return sum(trace.complete for trace in self.traces)

    def still(self) -> "Contest":
        traces = [trace.still() for trace in self.traces]
        return replace(self, settings=self.settings.copy(), traces=traces)

    @property
    def complete(self) -> bool:
        """True when every norm was tuned and run."""
        return len(self) == len(self.norms)

    @property
    def means(self) -> NDArray[np.float64]:
        """Each seed's mean for every norm whose run is complete, ``[len(self), S]``."""
        finished = self.traces[: len(self)]
        return np.array([frobenius_means(t) for t in finished]).reshape(-1, self.spec.seeds)

    @property
    def seconds(self) -> float:
        """Time that the reported runs took, without the tuning."""
        return sum(trace.seconds for trace in self.traces)

    def rows(self) -> list[dict[str, Any]]:
        """Return one row for each norm that is through.

        ``mean`` with its 95 % percentile-bootstrap interval over seeds; ``gain``, how many times
        smaller it is than the first norm's, with the interval over pairs of equal seeds; and the
        predictor's ``expected gain``. Seeds that diverged are left out.
        """
        means, rows = self.means, list[dict[str, Any]]()
        for number, own in enumerate(means):
            finite = np.isfinite(own)
            pairs = finite & np.isfinite(means[0])
            low, high = mean_interval(own[finite])
            least, most = ratio_interval(means[0][pairs], own[pairs])
            setting = self.settings[number].spec
            rows.append(
                {
                    "norm": self.norms[number],
                    "batch_size": setting.batch_size,
                    "lr": setting.lr,
                    "mean": float(own[finite].mean()) if finite.any() else float("nan"),
                    "mean low": low,
                    "mean high": high,
                    "gain": float(means[0][pairs].mean() / own[pairs].mean()),
                    "gain low": least,
                    "gain high": most,
                    "expected gain": self.expected[number],
                    "diverged": int((~finite).sum()),
                }
            )
        return rows

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know beside the picture."""
        edges = (
            f"{norm} is best at the {' and the '.join(setting.edges)} of the grid: beyond it, it "
            "may do better."
            for norm, setting in zip(self.norms, self.settings, strict=False)
            if setting.edges
        )
        return (*edges, *self.remarks, *self._wrong_sides(), GUIDE)

    def _wrong_sides(self) -> list[str]:
        """Return where the predictor names the other side than the runs do."""
        return [
            f"the predictor is wrong about {row['norm']}: it expects a gain of "
            f"{row['expected gain']:.2f}, the runs show {row['gain']:.2f}."
            for row in self.rows()[1:]
            if (row["gain low"] > 1 > row["expected gain"])
            or (row["gain high"] < 1 < row["expected gain"])
        ]

    @property
    def title(self) -> str:
        """The contest in one line."""
        spec = self.spec
        size = f"{spec.problem} {spec.rows} x {spec.columns}"
        return f"{size}, {noise_of(spec)}, {spec.horizon:,} calls"

    @property
    def sentence(self) -> str:
        """The picture in words."""
        rows = self.rows()
        if not rows:
            return f"{self.title}: 0 of {len(self.norms)} norms."
        head = "" if self.complete else f"Incomplete, {len(rows)} of {len(self.norms)} norms: "
        best = min(rows, key=lambda row: row["mean"])
        own = (
            f"{row['norm']} {row['mean']:.3g} [{row['mean low']:.3g}, {row['mean high']:.3g}] "
            f"with W = {row['batch_size']:,}"
            for row in rows
        )
        gains = (
            f"{row['norm']} {row['gain']:.2f} [{row['gain low']:.2f}, {row['gain high']:.2f}] "
            f"(predictor {row['expected gain']:.2f})"
            for row in rows[1:]
        )
        smallest = f"; {best['norm']} has the smallest" if rows[1:] else ""
        against = f" Times better than {rows[0]['norm']}: {', '.join(gains)}." if rows[1:] else ""
        return (
            f"{head}{self.spec.horizon:,} calls, {self.spec.seeds} seeds: mean Frobenius norm of "
            f"the gradient {', '.join(own)}{smallest}.{against}"
        )
