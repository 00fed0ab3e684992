"""Mark: what a reader predicts, drawn on the picture before there is anything to be seen."""

from typing import Literal, NamedTuple


class Mark(NamedTuple):
    """A prediction as a picture shows it.

    Attributes:
        kind: ``"slope"``: a power of x through the data; ``"level"``: a line at that height;
            ``"words"``: words alone.
        value: The slope or the level.
        words: What is written beside it.
    """

    kind: Literal["slope", "level", "words"]
    value: float = float("nan")
    words: str = "your prediction"
