"""Many runs side by side in processes of their own: the only door to joblib and threadpoolctl.

Every run has one thread for its matrix products, wherever it runs: more threads add numbers up in
another order, and the results would depend on how many runs there are at a time.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar

from autograd_lab.errors import AutogradLabError

T = TypeVar("T")


class WorkerLostError(AutogradLabError):
    """A process that was training has been killed, and the batch of runs with it."""

    exit_code = 1


def available() -> bool:
    """Whether runs can go side by side: the extra ``sweep`` is installed."""
    return importlib.util.find_spec("joblib") is not None


def cores() -> int:
    """The processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def one_thread() -> AbstractContextManager[Any]:
    """One thread for matrix products, if threadpoolctl is there to see to it."""
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return nullcontext()
    limits: AbstractContextManager[Any] = threadpool_limits(1)
    return limits


def run_all(function: Callable[..., T], calls: Sequence[tuple[Any, ...]], jobs: int) -> Iterator[T]:
    """What the function gives for each tuple of arguments, in the order in which it is done.

    The function must be importable by its name, and what it gives must be picklable.

    Raises WorkerLostError if a process is killed; runs that are not done then are lost.
    """
    jobs = min(jobs, len(calls))
    if jobs < 2 or not available():
        with one_thread():
            for call in calls:
                yield function(*call)
        return
    from joblib import Parallel, delayed, parallel_config
    from joblib.externals.loky.process_executor import BrokenProcessPool

    _silence_manager()
    tasks = (delayed(function)(*call) for call in calls)
    try:
        with parallel_config("loky", inner_max_num_threads=1):
            side_by_side = Parallel(
                n_jobs=jobs, return_as="generator_unordered", batch_size=1, pre_dispatch="all"
            )
            with _deaf_to_interrupts():
                results = side_by_side(tasks)  # starts the processes
            yield from results
    except BrokenProcessPool as error:
        raise WorkerLostError(
            "a process that was training has been killed, perhaps for want of memory"
        ) from error


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes started inside never hear of Ctrl-C, which a terminal sends to all of them.

    They would print traces of their own; we hear of it, and end them.  A Ctrl-C in the meantime
    waits until the end of this.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _silence_manager() -> None:
    """Keep joblib's own thread from printing a trace when a batch is broken off.

    It stumbles over the work that is taken away from it; that the batch has ended is told anyway.
    """
    before = threading.excepthook
    if getattr(before, "manager_is_silent", False):
        return

    def hook(args: threading.ExceptHookArgs) -> None:
        if args.thread is None or "ExecutorManager" not in args.thread.name:
            before(args)

    hook.manager_is_silent = True  # type: ignore[attr-defined]
    threading.excepthook = hook
