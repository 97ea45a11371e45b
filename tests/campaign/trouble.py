"""A full disk, a folder that may not be written, no home, a clock that goes back, two of the same at once."""

from __future__ import annotations

import ctypes
import os
import random
import resource
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import forked
import ground
from killed import WRITES, _bytes, _litter, _strip
from trial import INTERNAL, Trial, copied

NOBODY = 65534
# capabilities(7), prctl(2)
KEEP_CAPABILITIES, CAPABILITY_VERSION, READ_ALL = 8, 0x20080522, 1 << 2


def trials(sound: Path, chance: random.Random) -> Iterator[Callable[[], Trial]]:
    """Each command that writes, under each trouble."""
    for line, made, _ in WRITES:
        for share in (0.0, 0.02, 0.3):
            yield lambda line=line, share=share: _full(sound, line, share)
        if os.geteuid() == 0:
            yield lambda line=line: _read_only(sound, line)
        yield lambda line=line: _no_home(sound, line)
        yield lambda line=line: _clock_back(sound, line)
        yield lambda line=line, made=made: _raced(sound, line, made)


def _full(sound: Path, line: str, share: float) -> Trial:
    """No file may grow beyond a share of the largest one of the study: what a full disk does to each write."""
    with copied(sound) as folder:
        _strip(line, folder)
        largest = max(path.stat().st_size for path in (folder / "study").rglob("*") if path.is_file())
        limit = max(64, int(share * largest))

        def limited() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        return _refused_or_done(folder, line, f"no file beyond {limit:,} bytes", limited)


def _read_only(sound: Path, line: str) -> Trial:
    """Another user, who may read everything and write nothing."""
    with copied(sound) as folder:
        _strip(line, folder)
        for path in (folder, *folder.parents):
            path.chmod(path.stat().st_mode | 0o555)
        return _refused_or_done(folder, line, "may not write", _become_a_reader)


def _become_a_reader() -> None:
    """Be another user, who keeps one right of root's: to read what others may not, Python's own library, say."""
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(KEEP_CAPABILITIES, 1, 0, 0, 0)
    os.setuid(NOBODY)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    rights = (ctypes.c_uint32 * 6)(READ_ALL, READ_ALL, 0, 0, 0, 0)  # effective, permitted, inheritable
    if library.capset(header, rights):
        raise OSError(ctypes.get_errno(), "capset")


def _no_home(sound: Path, line: str) -> Trial:
    """A user without a home, or a name."""

    def homeless() -> None:
        for name in ("HOME", "USER", "LOGNAME", "XDG_CACHE_HOME", "WORKBENCH_CACHE"):
            os.environ.pop(name, None)

    with copied(sound) as folder:
        _strip(line, folder)
        return _done(folder, line, "no home", homeless)


def _clock_back(sound: Path, line: str) -> Trial:
    """A clock that is set back by an hour every few looks."""
    real, looks = time.time, [0]

    def back() -> float:
        looks[0] += 1
        return real() - 3600 * (looks[0] // 5)

    def turned() -> None:
        time.time = back

    with copied(sound) as folder:
        _strip(line, folder)
        return _done(folder, line, "clock goes back", turned)


def _raced(sound: Path, line: str, made: str) -> Trial:
    """The same command twice at once: both end well, and what they made is as of one."""
    with copied(sound) as folder:
        _strip(line, folder)
        _run(folder, line)
        expected = _bytes(folder / made)
    with copied(sound) as folder:
        _strip(line, folder)
        ended: list[forked.Ended] = []
        threads = [threading.Thread(target=lambda: ended.append(_run(folder, line))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        what = f"{line.split(' ')[0]}, twice at once"
        if bad := [one for one in ended if one.status != 0 and not _is_clear(one)]:
            return Trial(what, "crash" if (bad[0].status or -1) < 0 else "fault", bad[0].err[-300:])
        same = _bytes(folder / made) == expected and not _litter(folder)
        return Trial(what, "same" if same else "silent", str(_litter(folder)))


def _run(folder: Path, line: str, before: Callable[[], None] | None = None) -> forked.Ended:
    return forked.run(
        ground.argv(line, folder), folder, environment=ground.environment(folder), before=before
    )


def _done(folder: Path, line: str, what: str, before: Callable[[], None]) -> Trial:
    ended = _run(folder, line, before)
    kind = "same" if ended.status == 0 else "hang" if ended.status is None else "fault"
    return Trial(f"{line.split(' ')[0]}, {what}", kind, ended.err[-300:])


def _refused_or_done(folder: Path, line: str, what: str, before: Callable[[], None]) -> Trial:
    """One sentence, or done; and when the trouble is over, the same command does it."""
    what = f"{line.split(' ')[0]}, {what}"
    ended = _run(folder, line, before)
    if ended.status is None:
        return Trial(what, "hang")
    if ended.status < 0:
        return Trial(what, "crash", str(ended.status))
    if ended.status and not _is_clear(ended):
        return Trial(
            what, "fault" if any(word in ended.err for word in INTERNAL) else "unclear", ended.err[-300:]
        )
    again = _run(folder, f"{line} --resume" if line.startswith("train") else line)
    if again.status != 0:
        return Trial(what, "silent", f"afterwards: {again.err[-300:]}")
    return Trial(what, "clear" if ended.status else "same")


def _is_clear(ended: forked.Ended) -> bool:
    lines = [text for text in ended.err.strip().splitlines() if text.startswith("workbench: ")]
    return len(lines) == 1 and not any(word in ended.err for word in INTERNAL)
