"""How many threads a run takes, and that it gives them and its memory back."""

import threading
from types import SimpleNamespace

import pytest
import torch

from explorer.run.device import BLAS, ENTRIES_FOR_THREADS, few_threads, give_memory_back


@pytest.fixture(autouse=True)
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def blas_threads():
    return [library.num_threads for library in BLAS]


def test_a_small_run_keeps_to_one_thread_and_gives_the_others_back():
    before = blas_threads()
    with few_threads(ENTRIES_FOR_THREADS - 1):
        assert torch.get_num_threads() == 1
        assert set(blas_threads()) <= {1}
    assert torch.get_num_threads() == 2
    assert blas_threads() == before


def test_a_large_run_keeps_them_all():
    before = blas_threads()
    with few_threads(ENTRIES_FOR_THREADS):
        assert torch.get_num_threads() == 2
        assert blas_threads() == before


def test_runs_that_overlap_give_all_threads_back():
    before = blas_threads()
    began, may_end = threading.Event(), threading.Event()
    seen = []

    def other():
        with few_threads(1):
            began.set()
            may_end.wait(20)
            seen.append(torch.get_num_threads())
        seen.append(torch.get_num_threads())

    thread = threading.Thread(target=other)
    with few_threads(1):
        thread.start()
        assert began.wait(20)
    may_end.set()
    thread.join(20)
    assert seen == [1, 2]
    assert torch.get_num_threads() == 2
    assert blas_threads() == before


@pytest.mark.parametrize(
    ("platform", "library", "trimmed"),
    [("linux", ["malloc_trim"], [0]), ("linux", [], []), ("win32", None, [])],
    ids=["glibc", "musl", "windows"],
)
def test_memory_is_given_back_where_the_c_library_can(monkeypatch, platform, library, trimmed):
    asked = []

    def load(_):
        assert library is not None, "Windows has no library without a name"
        return SimpleNamespace(**dict.fromkeys(library, asked.append))

    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr("ctypes.CDLL", load)
    give_memory_back()
    assert asked == trimmed
