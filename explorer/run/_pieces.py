"""How a noise survey is cut into pieces, small in memory and in time."""

from typing import NamedTuple

BATCH_SIZES = tuple(4**k for k in range(7))
SIZES, DRAWS = 2**18, 512  # for the survival function, and for each batch size
FEWEST_SIZES, FEWEST_DRAWS = 1024, 32
LANES, STEPS = 512, 32  # sizes drawn side by side, and one after the other, in a piece
PIECE = 2**17  # numbers drawn at once: some 20 MB with what is computed on the way
LARGEST = 2**24  # numbers in one mean: half a second that nothing interrupts
MOST = 2**28  # numbers of sizes, and of means, some ten seconds; beyond it fewer are drawn


class Piece(NamedTuple):
    """Draws that are made at once: sizes where ``batch_size`` is 0, else means."""

    batch_size: int
    start: int
    stop: int
    numbers: int


def pieces_of_sizes(entries: int) -> tuple[int, list[Piece]]:
    """Return how many sizes lie side by side, and pieces of whole such steps.

    Args:
        entries: Of one draw.

    Example:
        >>> lanes, pieces = pieces_of_sizes(1)
        >>> lanes, len(pieces), pieces[-1].stop
        (512, 16, 262144)
    """
    count = max(FEWEST_SIZES, min(SIZES, MOST // entries))
    lanes = max(1, min(LANES, PIECE // (STEPS * entries)))
    step = lanes * min(STEPS, max(1, PIECE // (lanes * entries)))
    return lanes, [Piece(0, start, start + step, step * entries) for start in range(0, count, step)]


def pieces_of_means(entries: int, *, summed: bool) -> list[Piece]:
    """Return pieces of means, batch size by batch size.

    Args:
        entries: Of one draw.
        summed: True where a mean of B costs B draws; a B that costs too much is left out.

    Example:
        >>> pieces = pieces_of_means(64, summed=True)
        >>> sorted({piece.batch_size for piece in pieces}), pieces[-1].stop
        ([1, 4, 16, 64, 256, 1024, 4096], 512)
    """
    costs = {batch: entries * (batch if summed else 1) for batch in BATCH_SIZES}
    costs = {b: cost for b, cost in costs.items() if cost <= LARGEST or b <= BATCH_SIZES[1]}
    draws = max(FEWEST_DRAWS, min(DRAWS, MOST // sum(costs.values())))
    pieces: list[Piece] = []
    for batch, cost in costs.items():
        group = max(1, PIECE // cost)
        for start in range(0, draws, group):
            stop = min(start + group, draws)
            pieces.append(Piece(batch, start, stop, cost * (stop - start)))
    return pieces
