"""Independent, reproducible random numbers for every seed."""

import zlib
from collections.abc import Callable
from typing import final

import numpy as np
import torch
from torch import Tensor

BLOCK_BYTES = 2**20  # of uniforms drawn ahead: fits a cache, and takes a few milliseconds
OFF_ZERO = 2.0**-55  # moves the 53-bit grid of [0, 1) into (0, 1); 2**-54 rounds its end to 1


@final
class Streams:
    """One random stream per (seed, seed index, purpose); the numbers of a seed are its own.

    Every stream is an SFC64 generator of 53-bit uniforms, laid out step by step: neither the number
    of seeds that run beside a seed, nor how many steps are drawn ahead, changes what it gets.

    Args:
        seed: The run's seed, at least 0.
        seeds: Seed indices that run side by side: a number S for 0..S-1, or the indices.
        device: Where the numbers are wanted.

    Example:
        >>> among_many, alone = Streams(0, 32), Streams(0, [5])
        >>> many = among_many.uniforms("noise", 4)
        >>> many.shape, bool((many[5] == alone.uniforms("noise", 4)[0]).all())
        (torch.Size([32, 4]), True)
    """

    def __init__(
        self, seed: int, seeds: int | list[int], device: torch.device | str = "cpu"
    ) -> None:
        self.seed = seed
        self.indices = list(range(seeds)) if isinstance(seeds, int) else seeds
        self.device = torch.device(device)
        self._generators: dict[tuple[int, str], np.random.Generator] = {}
        self._blocks: dict[str, _Block] = {}

    def alone(self, index: int) -> "Streams":
        """Return the streams of one seed index, which go on where this object's stand."""
        one = Streams(self.seed, [index], self.device)
        one._generators = self._generators
        return one

    def generator(self, index: int, purpose: str) -> np.random.Generator:
        """Return the generator of one seed index and purpose; -1 is shared by all seeds."""
        key = (index, purpose)
        if key not in self._generators:
            words = [self.seed, index + 1, zlib.crc32(purpose.encode())]
            self._generators[key] = np.random.Generator(np.random.SFC64(words))
        return self._generators[key]

    def uniforms(self, purpose: str, count: int, steps: int = 1) -> Tensor:
        """Return uniforms in (0, 1) for the next ``steps`` steps, float64 ``[S, steps * count]``.

        Args:
            purpose: ``"start"``, ``"noise"``, ``"batch"``, ...; each has its own streams.
            count: Numbers per seed and step.
            steps: How many steps are drawn at once.
        """
        numbers = np.empty((len(self.indices), steps * count))
        for row, index in zip(numbers, self.indices, strict=True):
            self.generator(index, purpose).random(out=row)
        numbers += OFF_ZERO
        return torch.from_numpy(numbers).to(self.device)

    def counts(self, purpose: str, trials: int, shares: np.ndarray) -> Tensor:
        """Return how often each category was chosen in this step, float64 ``[S, categories]``.

        Args:
            purpose: As for :meth:`uniforms`, and used for nothing else.
            trials: Independent choices.
            shares: The probability of each category; they sum to one.
        """
        rows = [self.generator(i, purpose).multinomial(trials, shares) for i in self.indices]
        return torch.from_numpy(np.asarray(rows, np.float64)).to(self.device)

    def draw(self, purpose: str, count: int, transform: Callable[[Tensor], Tensor]) -> Tensor:
        """Return ``transform`` of this step's uniforms, computed for a block of steps at a time.

        Args:
            purpose: As for :meth:`uniforms`; one purpose has one ``count`` and one ``transform``.
            count: Uniforms per seed and step.
            transform: From uniforms ``[steps, S, count]`` to draws ``[steps, S, ...]``; it sees
                many steps at once, which is what makes twenty thousand small steps quick.
        """
        block = self._blocks.get(purpose)
        if block is not None and block.count != count:
            raise ValueError(
                f"purpose {purpose!r} gives {block.count} uniforms a step and {count} were asked "
                "for; streams serve one noise on one shape: make new ones, or another purpose."
            )
        if block is None or block.next == len(block.draws):
            steps = 1 if block is None else min(2 * len(block.draws), self._most_steps(count))
            numbers = self.uniforms(purpose, count, steps)
            laid_out = numbers.view(len(self.indices), steps, count).transpose(0, 1)
            block = self._blocks[purpose] = _Block(transform(laid_out.contiguous()), count)
        block.next += 1
        return block.draws[block.next - 1]

    def _most_steps(self, count: int) -> int:
        return max(1, BLOCK_BYTES // (8 * count * len(self.indices)))


@final
class _Block:
    def __init__(self, draws: Tensor, count: int) -> None:
        self.draws = draws
        self.count = count
        self.next = 0
