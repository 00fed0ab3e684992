"""Certificate: the step beside the ball and the line that prove it the best one, in a plane."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, final

import numpy as np
import torch

from explorer.norms._base import Norm, as_norm
from explorer.norms._newton_schulz import newton_schulz
from explorer.norms._polar import singular_values
from explorer.norms._scaled import Scaled
from explorer.norms.spectral import Spectral
from explorer.registry import NORMS
from explorer.run.constants import torch_dtype
from explorer.run.snapshot import Array, Snapshot
from explorer.run.spec import takes_lmo

if TYPE_CHECKING:
    from explorer.run.trace import Trace

HALF_TURN = 180  # places on half of the ball's boundary; the other half is its mirror image
PARALLEL = 1e-6  # of the step's length: a smaller part across M is float32's rounding
NO_GAP = 1e-15  # a gap below it is float64's rounding


class Approximation(NamedTuple):
    """What five Newton-Schulz steps in bfloat16 give in place of the LMO.

    Attributes:
        point: Its place in the plane, projected.
        norm: Its norm; above 1 it is outside the ball.
        reach: What it attains of the dual norm; the LMO attains 1.
    """

    point: Array
    norm: float
    reach: float

    @property
    def reach_in_ball(self) -> float:
        """What it attains once it is scaled into the ball."""
        return self.reach / max(1.0, self.norm)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Certificate:
    r"""A momentum M, its step :math:`D = \operatorname{lmo}(M)`, and why no step is better.

    Every X of the unit ball has :math:`\langle -M, X \rangle \le \|M\|_*`, and D attains it. In a
    plane through 0 with its first axis along :math:`-M` this is seen: the ball lies left of the
    line :math:`x = \|M\|_* / \|M\|_F`, and D on it. Lengths are Frobenius lengths.

    Attributes:
        step: Steps made before this one.
        plane: Two orthonormal matrices, ``[2, m, n]``: along -M, and across it within the span of
            M and D; where these are parallel, a fixed direction orthogonal to M.
        ball: The boundary of the unit ball in the plane, closed, ``[P, 2]``; D's place is in it.
        support: x of the line.
        radius: No point of the ball is farther from 0, in any plane.
        lmo: D in the plane, ``[2]``.
        gradient: The exact :math:`-\nabla f`, made of length one and projected, ``[2]``.
        spectra: Singular values in falling order, each over the largest: ``"M"``, ``"step"``,
            ``"gradient"``, and over the step's ``"Newton-Schulz"``.
        gap: :math:`|1 - \langle -M, D \rangle / \|M\|_*|`; what there is of it is rounding.
        norm: Norm of D.
        approximation: Newton-Schulz in D's place, or None where D is no polar factor.
    """

    step: int
    plane: Array
    ball: Array
    support: float
    radius: float
    lmo: Array
    gradient: Array
    spectra: dict[str, Array]
    gap: float
    norm: float
    approximation: Approximation | None

    @classmethod
    def of(cls, trace: "Trace") -> "Certificate":
        """Return the certificate of the last measured step of a run.

        Args:
            trace: A run of a toy with an LMO, of which a record is there.

        Raises:
            ValueError: If there is nothing to certify; :func:`absent` says why.

        Example:
            >>> from explorer import RunSpec, run
            >>> certificate = Certificate.of(run(RunSpec(horizon=20, seeds=1, device="cpu")))
            >>> bool((certificate.ball[:, 0] <= certificate.support + 1e-9).all())
            True
            >>> certificate.sentence
            'LMO gap ... of the dual norm, norm of the step 1; five bf16 Newton-Schulz steps: ...'
        """
        why, snapshot = absent(trace), trace.snapshot
        if why is not None or snapshot is None:
            raise ValueError(f"trace must hold a momentum to certify. {why}")
        return certify(snapshot, as_norm(trace.spec.norm), torch_dtype(trace.spec))

    @property
    def captions(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """How good the LMO is and how good Newton-Schulz, each in falling numbers of words."""
        gap = f"below {NO_GAP:.0e}" if self.gap < NO_GAP else f"{self.gap:.0e}"
        exact = (
            f"LMO gap {gap} of the dual norm, norm of the step {self.norm:.4g}",
            f"LMO gap {gap}, norm {self.norm:.4g}",
        )
        if self.approximation is None:
            return exact, ()
        _, norm, reach = self.approximation
        inside = f"{self.approximation.reach_in_ball:.2f}"
        outside = norm > 1
        long = f"five bf16 Newton-Schulz steps: norm {norm:.2f}, reach {reach:.2f} of the dual norm"
        short = f"Newton-Schulz: norm {norm:.2f}, reach {reach:.2f}"
        return exact, (
            long + outside * f", {inside} once scaled into the ball",
            short + outside * f", scaled {inside}",
            short,
        )

    @property
    def sentence(self) -> str:
        """Everything in words."""
        return "; ".join(words[0] for words in self.captions if words) + "."


def absent(trace: "Trace") -> str | None:
    """Return the sentence why a trace has no certificate, or None if it has one."""
    spec, snapshot = trace.spec, trace.snapshot
    name = spec.norm.partition("(")[0]
    if spec.network:
        return "A network has a ball for every layer; this view is for toys, which have one matrix."
    if not takes_lmo(spec):
        return "A baseline has no norm and no LMO, so there is no ball: only the gradient is shown."
    if snapshot is None and len(trace):
        return "This run was saved without its matrices; run it again to see them."
    if snapshot is None:
        return "Nothing has run yet: press Run."
    if snapshot.momentum is None or name not in NORMS:
        return f"The norm {name!r} is not known here: its ball cannot be drawn."
    if snapshot.gradient.size == 1:
        return "A 1 x 1 matrix has no second direction: there is no plane to draw."
    if not (np.isfinite(snapshot.momentum).all() and np.isfinite(snapshot.gradient).all()):
        return "The first seed diverged: its momentum is no longer a number."
    if not snapshot.momentum.any():
        return "The momentum is exactly zero: every step is as good, and the LMO makes none."
    return None


def uncertified_spectra(trace: "Trace") -> dict[str, Array]:
    """Return the spectra of a trace without a certificate: the gradient's, if it is finite."""
    snapshot = trace.snapshot
    if snapshot is None or not np.isfinite(snapshot.gradient).all():
        return {}
    return {"gradient": _spectrum(snapshot.gradient)}


def certify(snapshot: Snapshot, norm: Norm, dtype: torch.dtype) -> Certificate:
    """Return the certificate of a step.

    Args:
        snapshot: With a finite momentum that is not zero, and at least two entries.
        norm: What the step was taken in.
        dtype: Of the run: the LMO is the one that the run took.
    """
    assert snapshot.momentum is not None, "see absent"
    given = torch.from_numpy(snapshot.momentum)
    step = norm.lmo(given.to(dtype)).double().numpy()
    momentum, gradient = _unit(snapshot.momentum), _unit(snapshot.gradient)
    dual = float(norm.dual_norm(torch.from_numpy(momentum)))
    plane = _plane(momentum, step)
    lmo = _project(plane, step)
    shape = (momentum.shape[0], momentum.shape[1])
    matrices = {"M": momentum, "gradient": gradient, "step": step}
    spectra = {name: _spectrum(matrix) for name, matrix in matrices.items()}
    scale, approximation = _polar_scale(norm, shape), None
    if scale is not None:
        quick = -scale * newton_schulz(given).numpy()
        reach = -float((momentum * quick).sum()) / dual
        size = float(norm(torch.from_numpy(quick)))
        approximation = Approximation(_project(plane, quick), size, reach)
        spectra["Newton-Schulz"] = _spectrum(quick, scale)
    return Certificate(
        step=snapshot.step,
        plane=plane,
        ball=_ball(norm, plane, lmo),
        support=dual,
        radius=norm.dimension(shape) ** 0.5,
        lmo=lmo,
        gradient=_project(plane, -gradient),
        spectra=spectra,
        gap=abs(1 + float((momentum * step).sum()) / dual),
        norm=float(norm(torch.from_numpy(step))),
        approximation=approximation,
    )


def _unit(x: Array) -> Array:
    """Return a matrix of Frobenius length one along x, or 0 at 0, for entries of any size."""
    scaled = x / (np.abs(x).max() or 1.0)
    return scaled / (np.linalg.norm(scaled) or 1.0)


def _project(plane: Array, x: Array) -> Array:
    return np.tensordot(plane, x, 2)


def _plane(momentum: Array, step: Array) -> Array:
    """Return orthonormal matrices along -M and across it, towards the step if it leads there."""
    along = -momentum
    places = np.arange(momentum.size, dtype=np.float64).reshape(momentum.shape)
    across = along
    # cosines and sines are no multiples of each other: M is along one of them at most
    for candidate in (step, np.cos(places), np.sin(places)):
        across = candidate - (candidate * along).sum() * along
        if np.linalg.norm(across) > PARALLEL * np.linalg.norm(candidate):
            break
    across = _unit(across)
    # again: of a small remainder, rounding is a large share
    return np.stack((along, _unit(across - (across * along).sum() * along)))


def _ball(norm: Norm, plane: Array, lmo: Array) -> Array:
    """Return the closed boundary of the unit ball; a corner at the step is not cut."""
    angles = np.linspace(0, np.pi, HALF_TURN, endpoint=False)
    angles = np.sort(np.append(angles, np.arctan2(lmo[1], lmo[0]) % np.pi))
    points = np.column_stack((np.cos(angles), np.sin(angles)))
    sizes = norm(torch.from_numpy(np.tensordot(points, plane, 1))).numpy()
    half = points / sizes[:, None]
    return np.concatenate((half, -half, half[:1]))


def _polar_scale(norm: Norm, shape: tuple[int, int]) -> float | None:
    """Return the factor of the polar factor in a norm's LMO, or None where that is another map."""
    if isinstance(norm, Spectral):
        return 1.0
    if isinstance(norm, Scaled) and isinstance(norm.inner, Spectral):
        return 1 / norm.factor(shape)
    return None


def _spectrum(x: Array, largest: float | None = None) -> Array:
    """Return singular values in falling order over the largest, or over another's; 0 at 0."""
    values = np.sort(singular_values(torch.from_numpy(x)).numpy())[::-1]
    return values / (largest or values[0] or 1.0)
