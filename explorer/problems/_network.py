"""What a network is: a module's parameters stacked over seeds, trained on real batches."""

from abc import abstractmethod
from dataclasses import fields
from functools import cached_property
from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, grad_and_value, vmap
from torch.nn.functional import cross_entropy

from explorer.problems._base import Problem, State, set_positive
from explorer.problems._data import Split

MOST_WIDTH, MOST_DEPTH = 4096, 64


class Network(Problem):
    """A classifier: cross-entropy over training examples, S replicas as one vmapped batch.

    The oracle draws fresh examples with replacement from the streams of each seed, so that two
    specs with one seed see the same examples.

    Attributes:
        label_smoothing: Share of a target that is spread evenly over all classes.
        measured: How many training examples, evenly spaced and always the same, stand for all of
            them where the objective and its full gradient are measured; None for all.
        unit: What one example is, in the plural.
        classes: C; a network that knows nothing has the loss ln C.
    """

    network = True
    smooth = False
    own_oracle = True
    most_records = 80
    measured: ClassVar[int | None] = None
    unit: ClassVar[str] = "images"
    classes: ClassVar[int]
    label_smoothing: float

    @abstractmethod
    def module(self) -> nn.Module:
        """Return the architecture; its own initial weights are not used."""

    @abstractmethod
    def data(self, device: torch.device, dtype: torch.dtype) -> Split:
        """Return the data set on a device."""

    @cached_property
    def template(self) -> nn.Module:
        """The module whose ``forward`` every replica runs; its weights are never read."""
        return self.module()

    def start(self, streams: Any, dtype: torch.dtype) -> State:
        seeds = len(streams.indices)
        looked_up = embeddings(self.template)
        state: State = {}
        for name, p in self.template.named_parameters():
            if p.dim() < 2:
                state[name] = torch.zeros(seeds, *p.shape, dtype=dtype, device=streams.device)
                continue
            uniforms = streams.uniforms("start", p.numel()).view(seeds, p.shape[0], -1)
            normal = torch.special.ndtri(uniforms)
            weights = unit_rows(normal) if name in looked_up else semi_orthogonal(normal)
            state[name] = weights.view(seeds, *p.shape).to(dtype)
        return state

    def value(self, state: State) -> Tensor:
        return vmap(self._loss, in_dims=(0, None, None))(state, *self.examples(state))

    def gradient(self, state: State) -> State:
        return vmap(grad(self._loss), in_dims=(0, None, None))(state, *self.examples(state))

    def sample(self, state: State, batch_size: int, streams: Any) -> State:
        data = self._data(state)
        examples = len(data.targets)
        chosen = streams.draw(f"batch/{batch_size}", batch_size, lambda u: (u * examples).long())
        return vmap(grad(self._loss))(state, data.inputs[chosen], data.targets[chosen])

    def measure(self, state: State) -> tuple[State, dict[str, Tensor]]:
        gradient, loss = vmap(grad_and_value(self._loss), in_dims=(0, None, None))(
            state, *self.examples(state)
        )
        data = self._data(state)
        inputs, targets = _some(data.held_out_inputs, data.held_out_targets, self.measured)
        outputs = vmap(self._outputs, in_dims=(0, None))(state, inputs)
        right = (outputs.argmax(-1) == targets).double().flatten(1).mean(-1)
        held_out = vmap(self._mean_loss, in_dims=(0, None))(outputs, targets)
        return gradient, {"value": loss, "held-out loss": held_out, "held-out accuracy": right}

    def examples(self, state: State) -> tuple[Tensor, Tensor]:
        """Return inputs and targets on which the objective and its gradient are measured."""
        data = self._data(state)
        return _some(data.inputs, data.targets, self.measured)

    def _data(self, state: State) -> Split:
        like = next(iter(state.values()))
        return self.data(like.device, like.dtype)

    def _outputs(self, parameters: State, inputs: Tensor) -> Tensor:
        return functional_call(self.template, parameters, (inputs,))

    def _loss(self, parameters: State, inputs: Tensor, targets: Tensor) -> Tensor:
        return self._mean_loss(self._outputs(parameters, inputs), targets)

    def _mean_loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return cross_entropy(
            outputs.flatten(0, -2), targets.flatten(), label_smoothing=self.label_smoothing
        )

    def _check(self, **most: int) -> None:
        """Refuse options that are no sizes, and a smoothing that leaves nothing of the target."""
        usual = {option.name: option.default for option in fields(cast("Any", self))}
        for name, largest in most.items():
            set_positive(self, name, int)
            if getattr(self, name) > largest:
                raise ValueError(
                    f"{name} must be at most {largest:,}, got {getattr(self, name)!r}; "
                    f"try {name}={usual[name]}."
                )
        smoothing = self.label_smoothing
        if isinstance(smoothing, bool) or not isinstance(smoothing, int | float):
            raise TypeError(f"label_smoothing must be a number, got {smoothing!r}; give 0.2.")
        if not 0 <= smoothing < 1:
            raise ValueError(
                f"label_smoothing must be in [0, 1), got {smoothing!r}; 0.2 takes a fifth of each "
                "target and spreads it over all classes."
            )


def embeddings(module: nn.Module) -> frozenset[str]:
    """Return the names of parameters that are tables of vectors to be looked up."""
    modules = module.named_modules()
    return frozenset(f"{name}.weight" for name, one in modules if isinstance(one, nn.Embedding))


def semi_orthogonal(normal: Tensor) -> Tensor:
    r"""Return random matrices with all singular values :math:`\sqrt{d_{out}/d_{in}}`.

    From standard normal matrices ``[..., d_out, d_in]`` by a QR factorisation with positive
    diagonal, which makes the law uniform; then a unit RMS input gives a unit RMS output.
    """
    d_out, d_in = normal.shape[-2:]
    q, r = torch.linalg.qr(normal if d_out >= d_in else normal.mT)
    q = q * r.diagonal(dim1=-2, dim2=-1).sign().unsqueeze(-2)
    return (q if d_out >= d_in else q.mT) * (d_out / d_in) ** 0.5


def unit_rows(normal: Tensor) -> Tensor:
    """Return standard normal rows scaled to a root mean square of one: uniform directions."""
    return normal / normal.square().mean(-1, keepdim=True).sqrt()


def _some(inputs: Tensor, targets: Tensor, most: int | None) -> tuple[Tensor, Tensor]:
    """Return at most so many examples, evenly spaced over all of them."""
    count = len(targets)
    if most is None or count <= most:
        return inputs, targets
    chosen = torch.linspace(0, count - 1, most, dtype=torch.float64).round().long()
    chosen = chosen.to(targets.device)
    return inputs[chosen], targets[chosen]
