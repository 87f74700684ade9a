from __future__ import annotations

from corral.gateway.topology import usable_cores


def machine(folder, siblings):
    for cpu, names in siblings.items():
        topology = folder / f"cpu{cpu}" / "topology"
        topology.mkdir(parents=True)
        (topology / "thread_siblings_list").write_text(f"{names}\n")
    return folder


def test_threads_of_one_core_belong_together(tmp_path):
    folder = machine(tmp_path, {0: "0,2", 1: "1,3", 2: "0,2", 3: "1,3"})

    assert usable_cores(frozenset({0, 1, 2, 3}), folder) == ((0, 2), (1, 3))
    assert usable_cores(frozenset({1, 2, 3}), folder) == ((1, 3), (2,))


def test_where_nothing_is_told_each_cpu_is_a_core(tmp_path):
    assert usable_cores(frozenset({5, 3}), tmp_path) == ((3,), (5,))


def test_this_process_may_use_some_core():
    found = usable_cores()

    assert found
    assert all(found)
