"""Geometry: a norm and a radius for every parameter of a model."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, final

import torch
from torch import Tensor, nn

from explorer.norms._base import Norm, as_norm
from explorer.registry import GEOMETRIES, NORMS, UnknownNameError

View = Literal["matrix", "vector", "kernel"]


def as_matrix(x: Tensor, view: View, *, stacked: bool) -> Tensor:
    """Return ``x`` as matrices ``[..., m, n]`` behind its stack axis, without a copy.

    Args:
        x: A parameter, its gradient or its momentum.
        view: ``"matrix"`` as it is; ``"vector"`` (d,) as (d, 1); ``"kernel"`` (out, in, k, k) as
            (out, in k k).
        stacked: True if axis 0 counts replicas.

    Raises:
        ValueError: If the number of axes does not fit ``view``.

    Example:
        >>> as_matrix(torch.zeros(8, 3, 5, 5), "kernel", stacked=False).shape
        torch.Size([8, 75])
    """
    axes = x.dim() - stacked
    expected = {"matrix": axes == 2, "vector": axes == 1, "kernel": axes >= 2}
    if not expected[view]:
        kind = "stacked parameter" if stacked else "parameter"
        raise ValueError(
            f"a {view} norm does not fit a {kind} of shape {tuple(x.shape)}; give it its own group "
            "with Geometry.for_model(model, ...).param_groups(model), or an entrywise norm "
            "such as 'sign'."
        )
    if view == "matrix":
        return x
    return x.unsqueeze(-1) if view == "vector" else x.flatten(2 if stacked else 1)


@final
@dataclass(frozen=True, slots=True)
class Layer:
    """One parameter's place in the geometry.

    Attributes:
        name: The parameter's name.
        norm: What a step of size one is.
        radius: Radius of its ball in units of ``norm``; a step moves it by ``lr * radius``.
        view: How it is seen as a matrix.
    """

    name: str
    norm: Norm
    radius: float = 1.0
    view: View = "matrix"


@final
@dataclass(frozen=True, slots=True)
class Geometry:
    r"""A norm and a radius per parameter: the norm :math:`\max_l \|X_l\|_l / r_l` of a whole model.

    Its dual is :math:`\sum_l r_l \|G_l\|_{l,*}`, the stationarity of the model, and its LMO acts
    layer by layer, times :math:`r_l`.

    Example:
        >>> model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
        >>> for layer in Geometry.for_model(model, "scion"):
        ...     print(layer.name, layer.norm, round(layer.radius, 3), layer.view)
        0.weight Spectral() 0.707 matrix
        0.bias Frobenius() 5.657 vector
        2.weight Sign() 0.125 matrix
        2.bias Frobenius() 3.162 vector
        >>> optimizer = torch.optim.SGD(
        ...     Geometry.for_model(model, "sign").param_groups(model), lr=0.1
        ... )
    """

    layers: tuple[Layer, ...]

    @classmethod
    def single(cls, name: str, norm: Any) -> "Geometry":
        """Return the geometry of one matrix parameter: ``norm`` with radius 1."""
        return cls((Layer(name, as_norm(norm)),))

    @classmethod
    def for_model(cls, model: nn.Module, convention: Any = "scion") -> "Geometry":
        """Return the geometry that a convention, or one norm for every matrix, gives to ``model``.

        Args:
            model: Any module; parameters that need no gradient are left out.
            convention: A name of ``GEOMETRIES``, a name of ``NORMS``, or a :class:`Norm`.

        Raises:
            UnknownNameError: If the name is in neither registry.
        """
        if isinstance(convention, Norm):
            return plain(model, convention)
        if convention in GEOMETRIES:
            return GEOMETRIES[convention](model)
        if convention in NORMS or "(" in str(convention):
            return plain(model, as_norm(convention))
        raise UnknownNameError(
            f"unknown geometry {convention!r}; expected a convention of {list(GEOMETRIES)} "
            f"or a norm of {NORMS.names()}."
        )

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def param_groups(
        self, model: nn.Module | Mapping[str, Tensor], *, stacked: bool = False
    ) -> list[dict[str, Any]]:
        """Return one optimiser group per parameter: ``params, norm, radius, view, stacked``.

        Args:
            model: A module, or a mapping from name to tensor.
            stacked: True if axis 0 of every tensor counts replicas.

        Raises:
            UnknownNameError: If the model lacks a parameter of this geometry, or has one more.
        """
        named = dict(model.named_parameters() if isinstance(model, nn.Module) else model)
        missing = {layer.name for layer in self.layers} ^ {
            name for name, tensor in named.items() if tensor.requires_grad
        }
        if missing:
            raise UnknownNameError(
                f"geometry and model differ in {sorted(missing)}; make it for this model."
            )
        return [
            {
                "params": [named[layer.name]],
                "norm": layer.norm,
                "radius": layer.radius,
                "view": layer.view,
                "stacked": stacked,
            }
            for layer in self.layers
        ]

    def stationarity(self, gradients: Mapping[str, Tensor], *, stacked: bool = True) -> Tensor:
        r"""Return :math:`\sum_l r_l \|G_l\|_{l,*}`, a whole gradient's dual norm, shape ``[S]``.

        Args:
            gradients: Name to gradient of the full objective.
            stacked: True if axis 0 counts replicas; else the result has shape ``[]``.
        """
        return torch.stack([*self.terms(gradients, stacked=stacked).values()]).sum(0)

    def terms(self, gradients: Mapping[str, Tensor], *, stacked: bool = True) -> dict[str, Tensor]:
        r"""Return each layer's :math:`r_l \|G_l\|_{l,*}` by name, shape ``[S]``.

        Args:
            gradients: Name to gradient of the full objective.
            stacked: True if axis 0 counts replicas; else the results have shape ``[]``.
        """
        return {
            layer.name: layer.radius
            * layer.norm.dual_norm(as_matrix(gradients[layer.name], layer.view, stacked=stacked))
            for layer in self.layers
        }


def plain(model: nn.Module, norm: Norm) -> Geometry:
    """Return ``norm`` with radius 1 on every matrix, and Euclidean length on every vector."""
    euclidean = as_norm("frobenius")
    layers = (
        Layer(name, norm, 1.0, _view(p)) if p.dim() > 1 else Layer(name, euclidean, 1.0, "vector")
        for name, p in _trained(model)
    )
    return Geometry(tuple(layers))


@GEOMETRIES.register("scion")
def scion(model: nn.Module) -> Geometry:
    r"""Return Scion's geometry: operator norms between root-mean-square norms, layer by layer.

    Hidden matrices: RMS to RMS, i.e. spectral with radius :math:`\sqrt{d_{out}/d_{in}}` (kernels
    as ``(out, in k k)``); the last matrix: sign with radius :math:`4/d_{in}`; embeddings: the
    length of an embedding vector, radius :math:`\sqrt{d}`; vectors: RMS, i.e. Euclidean with
    :math:`\sqrt d`. So one ``lr`` moves activations alike at every width.

    Source:
        Pethick et al. (2025), arXiv:2502.07529; the radii are this project's defaults.
    """
    trained = _trained(model)
    embeddings = {
        f"{name}.weight"
        for name, module in model.named_modules()
        if isinstance(module, nn.Embedding)
    }
    matrices = [name for name, p in trained if p.dim() > 1 and name not in embeddings]
    layers: list[Layer] = []
    for name, p in trained:
        d_in = p[0].numel()
        if p.dim() < 2:
            layers.append(Layer(name, as_norm("frobenius"), p.numel() ** 0.5, "vector"))
        elif name in embeddings:
            layers.append(Layer(name, as_norm("row"), d_in**0.5))
        elif name == matrices[-1]:
            layers.append(Layer(name, as_norm("sign"), 4 / d_in, _view(p)))
        else:
            layers.append(Layer(name, as_norm("spectral"), (p.shape[0] / d_in) ** 0.5, _view(p)))
    return Geometry(tuple(layers))


def _trained(model: nn.Module) -> list[tuple[str, nn.Parameter]]:
    return [(name, p) for name, p in model.named_parameters() if p.requires_grad]


def _view(p: Tensor) -> View:
    return "matrix" if p.dim() == 2 else "kernel"
