"""The laws every norm obeys, checked on the spot when a class is registered from outside."""

import torch

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
    norm = cls()
    for shape in SHAPES:
        generator = torch.Generator().manual_seed(0)
        g, x = torch.randn(2, *shape, generator=generator, dtype=torch.float64)
        step = norm.lmo(g)
        dual = norm.dual_norm(g)
        broken = {
            "<g, lmo(g)> = -dual_norm(g)": float(abs((g * step).sum() + dual)),
            "norm(lmo(g)) <= 1": float(norm(step)) - 1,
            "<g, x> <= dual_norm(g) norm(x)": float((g * x).sum() - dual * norm(x)),
            "norm(-2 x) = 2 norm(x)": float(abs(norm(-2 * x) - 2 * norm(x))),
            "lmo(2 g) = lmo(g)": float((norm.lmo(2 * g) - step).abs().max()),
            "lmo(0) = 0": float(norm.lmo(torch.zeros_like(g)).abs().max()),
            "a stack gives each matrix what it gets alone": _difference_in_a_stack(norm, g, x),
        }
        for law, excess in broken.items():
            if not excess <= TOLERANCE * max(1.0, float(dual)):
                raise ValueError(
                    f"{cls.__name__} breaks the law {law} by {excess:.3g} at g = {g.tolist()}, "
                    f"x = {x.tolist()}; it was not registered."
                )


def _difference_in_a_stack(norm: Norm, g: torch.Tensor, x: torch.Tensor) -> float:
    together, alone = torch.stack([g, x]), (g, x)
    return max(
        float((method(together) - torch.stack([method(one) for one in alone])).abs().max())
        for method in (norm, norm.dual_norm, norm.lmo)
    )
