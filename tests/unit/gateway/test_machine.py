"""How much memory there is for models."""

import sys

from corral.core.main_memory import main_memory_bytes
from corral.core.memory import Memory
from corral.gateway.machine import Machine, device_bytes


def printing(text):
    return (sys.executable, "-c", f"print({text!r})")


def test_a_container_bounds_the_memory(tmp_path):
    limit = tmp_path / "memory.max"
    limit.write_text("1000000\n")

    assert main_memory_bytes((limit,)) == 1000000


def test_a_container_without_a_bound_leaves_the_machine(tmp_path):
    limit = tmp_path / "memory.max"
    limit.write_text("max\n")

    assert main_memory_bytes((limit, tmp_path / "missing")) == main_memory_bytes(()) > 0


def test_the_memory_of_all_devices_is_added_up():
    lines = "Available devices:\n  CUDA0: X (24000 MiB, 1 MiB free)\n  CUDA1: Y (8000 MiB, 2 MiB free)"

    assert device_bytes(printing(lines)) == 32000 * 1024**2


def test_without_devices_or_an_answer_there_is_no_such_memory():
    assert device_bytes(printing("Available devices:")) == 0
    assert device_bytes(("/no/such/program",)) == 0


def test_a_part_of_the_memory_is_left_to_others():
    machine = Machine(Memory(1000, 100))

    assert machine.budget == Memory(800, 90)
    assert machine.has_device
    assert not Machine(Memory(1000)).has_device
