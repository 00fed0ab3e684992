"""What a network is: a module's parameters stacked over seeds, trained on real batches."""

from abc import abstractmethod
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, grad_and_value, vmap
from torch.nn.functional import cross_entropy

from explorer.problems._base import Problem, State
from explorer.problems._data import Split


class Network(Problem):
    """A classifier: cross-entropy over a training set, S replicas as one vmapped batch.

    The oracle draws fresh examples with replacement from the streams of each seed, so that two
    specs with one seed see the same examples.
    """

    network = True
    smooth = False
    own_oracle = True
    most_records = 80

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
        state: State = {}
        for name, p in self.template.named_parameters():
            if p.dim() < 2:
                state[name] = torch.zeros(seeds, *p.shape, dtype=dtype, device=streams.device)
                continue
            uniforms = streams.uniforms("start", p.numel()).view(seeds, p.shape[0], -1)
            weights = semi_orthogonal(torch.special.ndtri(uniforms))
            state[name] = weights.view(seeds, *p.shape).to(dtype)
        return state

    def value(self, state: State) -> Tensor:
        data = self._data(state)
        return vmap(self._loss, in_dims=(0, None, None))(state, data.images, data.labels)

    def gradient(self, state: State) -> State:
        data = self._data(state)
        return vmap(grad(self._loss), in_dims=(0, None, None))(state, data.images, data.labels)

    def sample(self, state: State, batch_size: int, streams: Any) -> State:
        data = self._data(state)
        examples = len(data.labels)
        chosen = streams.draw(f"batch/{batch_size}", batch_size, lambda u: (u * examples).long())
        return vmap(grad(self._loss))(state, data.images[chosen], data.labels[chosen])

    def measure(self, state: State) -> tuple[State, dict[str, Tensor]]:
        data = self._data(state)
        gradient, loss = vmap(grad_and_value(self._loss), in_dims=(0, None, None))(
            state, data.images, data.labels
        )
        outputs = vmap(self._outputs, in_dims=(0, None))(state, data.held_out_images)
        accuracy = (outputs.argmax(-1) == data.held_out_labels).double().mean(-1)
        return gradient, {"value": loss, "held-out accuracy": accuracy}

    def _data(self, state: State) -> Split:
        like = next(iter(state.values()))
        return self.data(like.device, like.dtype)

    def _outputs(self, parameters: State, images: Tensor) -> Tensor:
        return functional_call(self.template, parameters, (images,))

    def _loss(self, parameters: State, images: Tensor, labels: Tensor) -> Tensor:
        return cross_entropy(self._outputs(parameters, images), labels)


def semi_orthogonal(normal: Tensor) -> Tensor:
    r"""Return random matrices with all singular values :math:`\sqrt{d_{out}/d_{in}}`.

    From standard normal matrices ``[..., d_out, d_in]`` by a QR factorisation with positive
    diagonal, which makes the law uniform; then a unit RMS input gives a unit RMS output.
    """
    d_out, d_in = normal.shape[-2:]
    q, r = torch.linalg.qr(normal if d_out >= d_in else normal.mT)
    q = q * r.diagonal(dim1=-2, dim2=-1).sign().unsqueeze(-2)
    return (q if d_out >= d_in else q.mT) * (d_out / d_in) ** 0.5
