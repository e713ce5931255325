"""A start of Keras' backend that shows what matters and nothing else."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator

# Below errors, in the formats of absl and of older logs; and TensorFlow's word for no NVIDIA GPU.
_CHATTER = re.compile(
    rb"[IW]\d{4} |[\d-]{10} [\d:.]{15}: [IW] |WARNING: All log messages before absl::"
    rb"|To enable the following instructions: |.*failed call to cuInit"
)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Hold back what a backend's libraries write to standard error while they start.

    They write in C++, past `sys.stderr`. Once the block is left, whatever is no mere remark is
    written after all; if the block fails, everything is. Later remarks of TensorFlow's below
    errors are switched off, unless the variable TF_CPP_MIN_LOG_LEVEL says otherwise; that alone
    would not do, since TensorFlow writes its first lines before it reads the variable.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        kept = os.dup(2)
    except OSError:  # a program without standard error
        yield
        return
    failed = True
    with tempfile.TemporaryFile() as buffer:
        _flush()
        os.dup2(buffer.fileno(), 2)
        try:
            yield
            failed = False
        finally:
            _flush()
            os.dup2(kept, 2)
            buffer.seek(0)
            for line in buffer:
                if failed or not _CHATTER.match(line):
                    os.write(2, line)
            os.close(kept)


def _flush() -> None:
    if sys.stderr is not None:
        sys.stderr.flush()
