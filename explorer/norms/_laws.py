"""The laws every norm obeys, checked on the spot when a class is registered from outside."""

import torch
from torch import Tensor

from explorer.norms._base import Norm

SHAPES = ((1, 1), (2, 3), (5, 2), (4, 4))
TOLERANCE = 1e-9  # float64, matrices of a few entries


def check(cls: type[Norm]) -> None:
    """Raise with the failing input unless ``cls`` obeys duality, feasibility, Hölder and scaling.

    Raises:
        TypeError: If ``cls`` is no :class:`Norm` or leaves one of its methods out.
        ValueError: If a law fails.
    """
    if not (isinstance(cls, type) and issubclass(cls, Norm)):
        raise TypeError(f"a norm must be a subclass of explorer.norms Norm, got {cls!r}.")
    for word in ("label", "formula", "ball"):
        if not isinstance(getattr(cls, word, None), str):
            raise TypeError(
                f"{cls.__name__} needs {word}, a text for the menu, got "
                f"{getattr(cls, word, None)!r}; write {word} = '...' into the class."
            )
    norm = cls()
    for laws in (_of_a_norm, _of_its_constants):  # the second are about something only after these
        for shape in SHAPES:
            generator = torch.Generator().manual_seed(0)
            g, x = torch.randn(2, *shape, generator=generator, dtype=torch.float64)
            for law, excess in laws(norm, g, x).items():
                if not excess <= TOLERANCE * max(1.0, float(norm.dual_norm(g))):
                    raise ValueError(
                        f"{cls.__name__} breaks the law {law} by {excess:.3g} at g = {g.tolist()}, "
                        f"x = {x.tolist()}; it was not registered."
                    )


def _of_a_norm(norm: Norm, g: Tensor, x: Tensor) -> dict[str, float]:
    step = norm.lmo(g)
    dual = norm.dual_norm(g)
    return {
        "<g, lmo(g)> = -dual_norm(g)": float(abs((g * step).sum() + dual)),
        "norm(lmo(g)) <= 1": float(norm(step)) - 1,
        "<g, x> <= dual_norm(g) norm(x)": float((g * x).sum() - dual * norm(x)),
        "norm(-2 x) = 2 norm(x)": float(abs(norm(-2 * x) - 2 * norm(x))),
        "lmo(2 g) = lmo(g)": float((norm.lmo(2 * g) - step).abs().max()),
        "lmo(0) = 0": float(norm.lmo(torch.zeros_like(g)).abs().max()),
        "a stack gives each matrix what it gets alone": _difference_in_a_stack(norm, g, x),
    }


def _of_its_constants(norm: Norm, g: Tensor, x: Tensor) -> dict[str, float]:
    shape = (g.shape[0], g.shape[1])
    root = norm.dimension(shape) ** 0.5
    smoothness, hessian = norm.smoothness_ratio(shape), norm.hessian_ratio(shape)
    return {
        "dual_norm(g) <= sqrt(dimension) |g|_F": float(norm.dual_norm(g) - root * g.norm()),
        "|x|_F <= sqrt(dimension) norm(x)": float(x.norm() - root * norm(x)),
        "dual_norm(z) <= smoothness_ratio norm(z)": _most(norm, x, power=1) - smoothness,
        "dual_norm(z z) <= hessian_ratio norm(z)^2": _most(norm, x, power=2) - hessian,
    }


def _most(norm: Norm, x: Tensor, *, power: int) -> float:
    """Return the largest ``dual_norm(z^power) / norm(z)^power`` over directions that tell."""
    row, column, everything = (torch.zeros_like(x) for _ in range(3))
    row[0], column[:, 0], everything[:] = 1, 1, 1
    diagonal = torch.eye(*x.shape, dtype=x.dtype)
    directions = (x, norm.lmo(x), row * column, diagonal, row, column, everything)
    return max(float(norm.dual_norm(z**power) / norm(z) ** power) for z in directions)


def _difference_in_a_stack(norm: Norm, g: Tensor, x: Tensor) -> float:
    together, alone = torch.stack([g, x]), (g, x)
    return max(
        float((method(together) - torch.stack([method(one) for one in alone])).abs().max())
        for method in (norm, norm.dual_norm, norm.lmo)
    )
