"""Where the work of a session stands, and what its picture says, as HTML for the page."""

import html

from explorer.registry import PLOTS
from explorer.run.trace import Trace
from explorer.ui._jobs import Job
from explorer.ui.session import Session

KNOWN_SHARE, KNOWN_S = 0.1, 3.0  # from there on the rest is told by what is done
CHANGED = "Settings changed: press Run to draw them."


def status(session: Session, *, changed: bool = False) -> str:
    """Return state, share, time and device of the work, and what is paused elsewhere.

    Args:
        session: Whose work it is.
        changed: True where a press of Run would begin something else than what is shown.
    """
    waiting = [f"{PLOTS[work.plot].label} paused" for work in session.elsewhere]
    anew = ["settings changed: press Run"] if changed and _rests(session) else []
    words = "; ".join([_here(session), *anew, *waiting])
    return f'<div class="explorer-status">{html.escape(words)}</div>'


def sentences(session: Session, sentence: str, *, changed: bool) -> str:
    """Return the picture in words with its notes, or the error in its place.

    Args:
        session: Whose picture it is.
        sentence: The picture in words.
        changed: True where a press of Run would begin something else than what is shown.
    """
    if session.state == "failed":
        error = html.escape(session.error or "")
        return f'<div role="alert" class="explorer-failed">{error}</div>'
    if session.spec is None:
        return ""
    said: list[tuple[str, str]] = []
    job = session.job
    if changed and _rests(session):
        said.append(("explorer-why", CHANGED))
    table = " explorer-table" if "\n" in sentence else ""
    said.append((f"explorer-sentence{table}", sentence))
    if job is not None:
        said.extend(("explorer-why", note[0].upper() + note[1:]) for note in job.data.notes)
    return "".join(f'<div class="{kind}">{html.escape(text)}</div>' for kind, text in said)


def _rests(session: Session) -> bool:
    return session.job is not None and session.state != "running" and not session.preparing


def _here(session: Session) -> str:
    job, state = session.job, session.state
    if session.preparing:
        return "preparing: constants of the noise, first gradient"
    if job is None or state == "idle":
        return state
    if state == "failed":
        return f"failed, {job.share:.0%}: {(session.error or '').partition(chr(10))[0]}"
    device = f", {job.data.device}" if isinstance(job.data, Trace) and job.data.device else ""
    whole = "" if job.finished else _whole(job, session.seconds)
    return f"{state}, {job.share:.0%}, {session.seconds:.1f} s{whole}{device}"


def _whole(job: Job, seconds: float) -> str:
    """Say how long the whole takes: as it was estimated, and once it is known, as it goes."""
    known = job.share > KNOWN_SHARE or (seconds > KNOWN_S and job.share > 0)
    whole = seconds / job.share if known else job.estimate_s
    return f" of about {in_time(whole)}" if whole else ""


def in_time(seconds: float) -> str:
    """Return a time in words.

    Example:
        >>> in_time(7.2), in_time(859), in_time(20_000)
        ('7 s', '14 min', '5.6 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
