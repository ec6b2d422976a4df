"""Pieces pass through in order, three at a time at most, and no exception is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from noisebound.ensemble.streaming import stream


def identity(piece: int, value: Any = None) -> Any:
    return piece if value is None else value


@pytest.mark.parametrize("n", [0, 1, 2, 7])
def test_every_piece_is_read_computed_and_written_in_order(n: int) -> None:
    written: list[tuple[int, int]] = []
    stream(range(n), lambda i: i + 100, lambda i, value: value * 2, lambda i, value: written.append((i, value)))
    assert written == [(i, 2 * (i + 100)) for i in range(n)]


def test_the_next_is_read_and_the_last_written_while_one_is_computed() -> None:
    # Passes only if three threads arrive at the same time, twice over.
    together = threading.Barrier(3, timeout=20)

    def meet(*pieces: int) -> Callable[..., Any]:
        def step(piece: int, value: Any = None) -> Any:
            if piece in pieces:
                together.wait()
            return identity(piece, value)

        return step

    stream(range(4), read=meet(2, 3), compute=meet(1, 2), write=meet(0, 1))


def test_no_more_than_three_pieces_are_alive() -> None:
    alive, most, lock = set(), [0], threading.Lock()

    def read(piece: int) -> int:
        with lock:
            alive.add(piece)
            most[0] = max(most[0], len(alive))
        return piece

    def write(piece: int, value: int) -> None:
        with lock:
            alive.remove(piece)

    stream(range(20), read, identity, write)
    assert not alive and most[0] <= 3


@pytest.mark.parametrize("n", [1, 5])
@pytest.mark.parametrize("broken", ["read", "compute", "write"])
@pytest.mark.parametrize("at", [0, 2, 4])
def test_an_exception_surfaces_and_nothing_later_is_written(n: int, broken: str, at: int) -> None:
    at = min(at, n - 1)
    written: list[int] = []

    def step(name: str) -> Callable[..., Any]:
        def run(piece: int, value: Any = None) -> Any:
            if name == broken and piece == at:
                raise ValueError(f"{name} {piece}")
            if name == "write":
                written.append(piece)
            return identity(piece, value)

        return run

    before = threading.active_count()
    with pytest.raises(ValueError, match=f"{broken} {at}"):
        stream(range(n), step("read"), step("compute"), step("write"))
    assert written == list(range(len(written))) and len(written) <= at
    assert threading.active_count() == before


@pytest.mark.parametrize("later", ["read", "compute"])
@pytest.mark.parametrize("writer_first", [True, False])
def test_an_exception_of_the_writer_is_not_lost_to_one_about_the_next_piece(later: str, writer_first: bool) -> None:
    raised = threading.Event()

    def step(name: str) -> Callable[..., Any]:
        def run(piece: int, value: Any = None) -> Any:
            if (name, piece) in (("write", 1), (later, 2)):
                if (name == "write") == writer_first:
                    raised.set()
                assert raised.wait(20)
                raise ValueError(f"{name} {piece}")
            return identity(piece, value)

        return run

    with pytest.raises(ValueError, match="write 1"):
        stream(range(5), step("read"), step("compute"), step("write"))


def test_a_single_piece_stays_in_the_calling_thread() -> None:
    threads: list[int] = []

    def step(piece: int, value: Any = None) -> Any:
        threads.append(threading.get_ident())
        return identity(piece, value)

    stream([0], step, step, step)
    assert threads == [threading.get_ident()] * 3
