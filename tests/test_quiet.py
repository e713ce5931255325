"""What a backend writes while it starts is shown only where it matters."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from colorlab.quiet import quiet

ROOT = Path(__file__).resolve().parents[1]
CHATTER = (
    b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
    b"I0000 00:00:1.2 3 port.cc:153] oneDNN custom operations are on.\n"
    b"2026-01-01 00:00:00.123456: I tensorflow/core/platform/cpu_feature_guard.cc:210] This\n"
    b"To enable the following instructions: AVX2 FMA, in other operations, rebuild\n"
    b"E0000 00:00:1.2 3 cuda_platform.cc:52] failed call to cuInit: INTERNAL: CUDA error\n"
)
ERROR = b"E0000 00:00:1.2 3 cuda_dnn.cc:522] Loaded runtime CuDNN library: 9.1 but 9.3 is needed.\n"


def test_remarks_are_left_out_and_errors_are_not(capfd):
    with quiet():
        os.write(2, CHATTER + ERROR)
    assert capfd.readouterr().err == ERROR.decode()
    os.write(2, CHATTER)
    assert capfd.readouterr().err == CHATTER.decode()  # outside nothing is held back


def test_everything_is_shown_when_the_start_fails(capfd):
    with pytest.raises(RuntimeError), quiet():
        os.write(2, CHATTER + ERROR)
        raise RuntimeError
    assert capfd.readouterr().err == (CHATTER + ERROR).decode()


@pytest.mark.keras
def test_a_notebook_starts_without_a_word():
    code = "from colorlab import checkpoints, devices; devices.names(); devices.start()"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TF_CPP")}
    environment["PYTHONPATH"] = str(ROOT)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
