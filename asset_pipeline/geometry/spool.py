"""Arrays too large for memory, and arrays that several processes share: files in one folder that dies with its owner.

The owner holds a lock on a file in the folder. Whoever opens a spool first sweeps those whose lock nobody holds any more:
their owner was killed.
"""

import fcntl
import itertools
import mmap
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

PREFIX = "dejima-spool-"
LOCK_FILE = "owner.lock"
SMALL_BYTES = 1 << 16  # an array below this is passed on by value
CHUNK = 1 << 20  # rows that are copied at a time
LARGE_BYTES = 64 << 20  # one from this on is better kept in a file while a scan is read

Value = TypeVar("Value")
_mapped: "weakref.WeakValueDictionary[int, np.memmap[Any, Any]]" = weakref.WeakValueDictionary()
_numbers = itertools.count()
_folder: ContextVar[Path | None] = ContextVar("folder", default=None)


@dataclass(frozen=True)
class Spooled:
    """Where an array lies in a raw file, its type and shape. May be handed to another process of this machine."""

    path: Path
    dtype: str
    shape: tuple[int, ...]
    offset: int = 0


@contextmanager
def open_spool(parent: Path | None = None) -> Iterator[Path]:
    """A folder for arrays in the folder of temporary files, removed at the end; what killed owners left is removed too."""
    base = parent or Path(tempfile.gettempdir())
    sweep_spools(base)
    fresh = Path(tempfile.mkdtemp(prefix="dejima-new-spool-", dir=base))
    with (fresh / LOCK_FILE).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        folder = fresh.rename(base / (PREFIX + fresh.name.rpartition("-")[2]))  # only now can a sweep see it
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def sweep_spools(base: Path) -> None:
    """Remove our spools in a folder whose owner is gone."""
    for folder in base.glob(PREFIX + "*"):
        try:
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            with (folder / LOCK_FILE).open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # its owner lives, or is removing it just now
            continue


def new_array(path: Path, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """A fresh array of zeros in a file, to be written to; its pages may leave memory at any time."""
    if 0 in shape:
        path.touch()
        return np.zeros(shape, dtype)
    return _watch(np.memmap(path, dtype, "w+", shape=shape))


def _watch(mapped: "np.memmap[Any, Any]") -> NDArray[Any]:
    _mapped[next(_numbers)] = mapped
    return np.asarray(mapped)


@contextmanager
def large_arrays_in(folder: Path) -> Iterator[None]:
    """While this lasts, empty_array puts large arrays into files of a folder."""
    token = _folder.set(folder)
    try:
        yield
    finally:
        _folder.reset(token)


def empty_array(shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """An array to be filled, in memory or, when it is large and there is a place for such, in a file."""
    folder, kind = _folder.get(), np.dtype(dtype)
    if folder is None or int(np.prod(shape, dtype=np.int64)) * kind.itemsize < LARGE_BYTES:
        return np.empty(shape, kind)
    return new_array(folder / f"large{next(_numbers)}", kind.str, shape)


def copy_array(source: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """A copy in another type, made in chunks; in a file like any large array."""
    copy = empty_array(source.shape, dtype)
    for start in range(0, len(source), CHUNK):
        copy[start : start + CHUNK] = source[start : start + CHUNK]
        let_go(copy, source)
    return copy


def write_array(path: Path, values: NDArray[Any]) -> Spooled:
    """Put an array into a file."""
    np.ascontiguousarray(values).tofile(path)
    return Spooled(path, values.dtype.str, values.shape)


@lru_cache(maxsize=256)
def open_array(spooled: Spooled) -> NDArray[Any]:
    """A spooled array, mapped once: writing to it changes no file."""
    if 0 in spooled.shape:
        return np.zeros(spooled.shape, spooled.dtype)
    # copy on write, since compiled kernels know only one type of array: a writable one
    return _watch(np.memmap(spooled.path, spooled.dtype, "c", spooled.offset, spooled.shape))


def let_go(*arrays: NDArray[Any] | None) -> None:
    """Give back the memory that mapped arrays fill at the moment; others are left alone. Their values stay in their files."""
    for array in arrays:
        mapped = _find_map(array)
        if mapped is not None:
            mapped.base.madvise(mmap.MADV_DONTNEED)


def let_all_go() -> None:
    """Give back the memory that all mapped arrays of this process fill at the moment."""
    let_go(*list(_mapped.values()))


def _find_map(array: NDArray[Any] | None) -> Any:
    """The memmap that an array is a view of, None when it is none."""
    base: Any = array
    while isinstance(base, np.ndarray):
        owner: Any = base.base
        if type(base) is np.memmap and isinstance(owner, mmap.mmap):
            return base
        base = owner
    return None


def spool_value(folder: Path, name: str, value: Value) -> Value:
    """A dataclass with its larger arrays, also those of the values inside it, replaced by where they lie in the folder."""
    swapped: Value = _swap(value, folder / name, _put)
    return swapped


def load_value(value: Value) -> Value:
    """The dataclass again, its arrays mapped."""
    mapped: Value = _swap(
        value, Path("mapped"), lambda _, item: open_array(item) if isinstance(item, Spooled) else item
    )
    return mapped


def _put(path: Path, item: Any) -> Any:
    if not isinstance(item, np.ndarray) or item.nbytes < SMALL_BYTES:
        return item
    mapped = _find_map(item)
    if mapped is not None and mapped.mode == "w+" and item.flags.c_contiguous:  # it lies in a spool already
        offset = item.__array_interface__["data"][0] - mapped.__array_interface__["data"][0]
        return Spooled(Path(mapped.filename), item.dtype.str, item.shape, offset)
    return write_array(path, item)


def _swap(value: Any, path: Path, change: Any) -> Any:
    """The value with `change` made to everything in it, by fields and places in tuples."""
    if isinstance(value, tuple):
        return tuple(_swap(item, path.with_name(f"{path.name}.{index}"), change) for index, item in enumerate(value))
    if is_dataclass(value) and not isinstance(value, type | Spooled):
        named = {field.name: getattr(value, field.name) for field in fields(value)}
        return replace(
            value, **{key: _swap(item, path.with_name(f"{path.name}.{key}"), change) for key, item in named.items()}
        )
    return change(path, value)
