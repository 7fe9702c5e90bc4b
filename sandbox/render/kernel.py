"""How a numeric kernel is compiled: once, for fixed types, without the interpreter's lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, ParamSpec, TypeVar

from numba import njit, types

P = ParamSpec("P")
R = TypeVar("R")


def _column(dtype: Any, dimensions: int = 1) -> Any:
    """Arrow's buffers are read-only, and a writable array may be passed for a read-only one."""
    return types.Array(dtype, dimensions, "C", readonly=True)


IN_F8: Final = _column(types.float64)
IN_F4: Final = _column(types.float32)
IN_F4_2D: Final = _column(types.float32, 2)
IN_F4_3D: Final = _column(types.float32, 3)
IN_F8_2D: Final = _column(types.float64, 2)
IN_I8: Final = _column(types.int64)
IN_I4: Final = _column(types.int32)
IN_U4: Final = _column(types.uint32)
IN_U4_2D: Final = _column(types.uint32, 2)
IN_U1: Final = _column(types.uint8)
IN_U1_2D: Final = _column(types.uint8, 2)
F8: Final = types.float64[::1]
F8_2D: Final = types.float64[:, ::1]
F4_3D: Final = types.float32[:, :, ::1]
F4_2D: Final = types.float32[:, ::1]
I8: Final = types.int64[::1]
I8_2D: Final = types.int64[:, ::1]
I4: Final = types.int32[::1]
I4_2D: Final = types.int32[:, ::1]
U4: Final = types.uint32[::1]
U1: Final = types.uint8[::1]
U1_2D: Final = types.uint8[:, ::1]
U1_3D: Final = types.uint8[:, :, ::1]
REAL: Final = types.float64
INT: Final = types.int64
NOTHING: Final = types.void


def kernel(result: Any, *arguments: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Compile for exactly these types when the module is imported, or take it from the cache.

    No fast math: a picture is the same on every machine, and a pixel is the formula as written.
    """
    return njit(result(*arguments), cache=True, nogil=True, error_model="numpy")  # type: ignore[no-any-return]


def inline(function: Callable[P, R]) -> Callable[P, R]:
    """A helper that only kernels call; it is compiled into each of them."""
    return njit(function, cache=True, error_model="numpy")  # type: ignore[no-any-return]
