"""Saving, restoring and erasing slots: in order, each when its slot is idle, never in anybody's way."""

from __future__ import annotations

import pytest

from corral.core.errors import InternalError, InvalidRequestError
from corral.core.messages import EraseSlot, Failed, RestoreSlot, SaveSlot, SlotMoved
from corral.core.outcome import FinishReason
from corral.engine.loop import EngineLoop, Signal
from corral.engine.slot_calls import SlotCalls
from corral.engine.slot_files import Moved


class Shelf:
    """Files in a dict; what is asked is done when the test says so."""

    def __init__(self):
        self.files = {}
        self.due = []
        self.fault = None

    def write(self, path, content, then):
        def do():
            self.files[path] = content
            then(self.fault or Moved(content, 100, 1.0))

        self.due.append(do)

    def read(self, path, then):
        def do():
            content = self.files.get(path)
            then(Moved(content, 100, 1.0) if content else InvalidRequestError("no such file"))

        self.due.append(do)

    def work(self):
        due, self.due = self.due, []
        for do in due:
            do()


class Desk:
    """Slot calls over the scheduler of a bench, the loop's part played by the test."""

    def __init__(self, bench):
        self.bench = bench
        self.shelf = Shelf()
        self.answers = []
        self.calls = SlotCalls(
            bench.runner.memory, bench.scheduler.ledger, self.shelf, self._post, bench.intake._clock
        )

    def _post(self, _request_id, act):
        self.answers += act()

    def take(self, call):
        self.answers += self.calls.take(call)

    def step(self):
        self.answers += self.calls.run()
        self.bench.step()
        self.answers += self.calls.run()


@pytest.fixture
def desk(make_bench):
    return Desk(make_bench(n_parallel=1, n_ctx=256))


@pytest.fixture
def wide_desk(make_bench):
    return Desk(make_bench(n_parallel=2, n_ctx=512))


def generate(desk, request_id="a", **fields):
    desk.bench.submit(request_id=request_id, **{"prompt": ["hello"], "max_tokens": 4, **fields})
    desk.bench.run()


def test_a_slot_is_saved_and_restored_into_another(wide_desk):
    generate(wide_desk, slot=0)
    wide_desk.take(SaveSlot("s", 0, "f"))
    wide_desk.shelf.work()
    wide_desk.take(EraseSlot("e", 0))
    wide_desk.take(RestoreSlot("r", 1, "f"))
    wide_desk.shelf.work()
    generate(wide_desk, "b", slot=1)

    saved, erased, restored = wide_desk.answers
    assert (saved.request_id, saved.n_tokens, saved.n_bytes) == ("s", 8, 100)
    assert (erased.request_id, erased.n_tokens) == ("e", 8)
    assert (restored.request_id, restored.n_tokens) == ("r", 8)
    assert wide_desk.bench.end("b").n_cached == 4
    assert wide_desk.bench.text("b") == wide_desk.bench.text("a")


def test_an_erased_slot_has_nothing_to_reuse(desk):
    generate(desk)
    desk.take(EraseSlot("e", 0))

    generate(desk, "b")

    assert desk.answers == [SlotMoved("e", 8, 0, 0.0)]
    assert desk.bench.end("b").n_cached == 0


def test_what_is_restored_belongs_to_who_asked(wide_desk):
    generate(wide_desk, slot=0, caller="ann")
    wide_desk.take(SaveSlot("s", 0, "f"))
    wide_desk.shelf.work()
    wide_desk.take(RestoreSlot("r", 1, "f", "bob"))
    wide_desk.shelf.work()

    generate(wide_desk, "b", caller="bob")
    generate(wide_desk, "c", caller="cid")

    assert (wide_desk.bench.end("b").n_cached, wide_desk.bench.end("c").n_cached) == (4, 0)


@pytest.mark.parametrize("call", [SaveSlot("x", 0, "f", "bob"), EraseSlot("x", 0, "bob")])
def test_what_is_anothers_is_neither_saved_nor_erased(desk, call):
    generate(desk, caller="ann")
    desk.take(call)
    desk.shelf.work()
    generate(desk, "again", caller="ann")

    (answer,) = desk.answers
    assert answer.error.code == "authentication"
    assert "another key's" in answer.error.message
    assert desk.shelf.files == {}
    assert desk.bench.end("again").n_cached == 4


@pytest.mark.parametrize("caller", ["ann", ""])
def test_its_owner_saves_and_erases_it_and_so_does_who_may_have_all(desk, caller):
    generate(desk, caller="ann")
    desk.take(SaveSlot("s", 0, "f", caller))
    desk.shelf.work()
    desk.take(EraseSlot("e", 0, caller))

    assert [answer.n_tokens for answer in desk.answers] == [8, 8]


def test_a_slot_that_holds_nothing_is_anybodys(desk):
    desk.take(SaveSlot("s", 0, "f", "bob"))
    desk.shelf.work()
    desk.take(EraseSlot("e", 0, "bob"))

    assert [answer.n_tokens for answer in desk.answers] == [0, 0]


def test_a_call_on_a_busy_slot_waits_until_it_is_idle(desk):
    desk.bench.submit(prompt=["hello"], max_tokens=4)
    desk.step()
    desk.take(EraseSlot("e", 0))
    assert desk.answers == []

    while not desk.bench.scheduler.is_idle:
        desk.step()

    assert desk.answers == [SlotMoved("e", 8, 0, 0.0)]


def test_a_call_goes_before_the_requests_that_wait_for_the_slot(desk):
    for name in "abc":
        desk.bench.submit(request_id=name, prompt=["hello"], max_tokens=4)
    desk.step()
    desk.take(EraseSlot("e", 0))

    while not desk.answers:
        desk.step()

    assert desk.bench.end("a").reason is FinishReason.LENGTH
    assert desk.bench.outputs("b") == []


def test_a_call_does_not_hold_up_other_slots(wide_desk):
    wide_desk.bench.submit(prompt=["hello"], max_tokens=50, slot=0)
    wide_desk.step()
    wide_desk.take(EraseSlot("busy", 0))
    wide_desk.take(EraseSlot("idle", 1))
    wide_desk.bench.submit(request_id="b", prompt=["other"], max_tokens=4)
    for _ in range(5):
        wide_desk.step()

    assert [answer.request_id for answer in wide_desk.answers] == ["idle"]
    assert wide_desk.bench.end("b").n_predicted == 4


def test_calls_on_one_slot_keep_their_order(desk):
    generate(desk)
    desk.take(SaveSlot("s", 0, "f"))
    desk.take(EraseSlot("e", 0))
    desk.take(RestoreSlot("r", 0, "f"))
    assert desk.answers == []

    desk.shelf.work()
    desk.shelf.work()

    assert [answer.request_id for answer in desk.answers] == ["s", "e", "r"]
    assert desk.answers[-1].n_tokens == 8


def test_a_slot_goes_on_while_its_file_is_written(desk):
    generate(desk)
    desk.take(SaveSlot("s", 0, "f"))

    generate(desk, "b", prompt=["something else"])
    desk.shelf.work()

    assert desk.answers[0].n_tokens == 8
    assert desk.shelf.files["f"].tokens.tolist()[:5] == list(b"hello")


def restore_beside_another(desk):
    """Read what a slot held, while the slot is busy with the request "b"."""
    generate(desk)
    desk.take(SaveSlot("s", 0, "f"))
    desk.shelf.work()
    desk.take(RestoreSlot("r", 0, "f"))
    desk.bench.submit(request_id="b", prompt=["other"], max_tokens=4)
    desk.step()
    desk.shelf.work()


def test_a_restore_waits_with_what_it_read_until_the_slot_is_idle(desk):
    restore_beside_another(desk)
    assert len(desk.answers) == 1

    while not desk.bench.scheduler.is_idle:
        desk.step()

    assert desk.answers[-1].request_id == "r"
    generate(desk, "c")
    assert desk.bench.end("c").n_cached == 4


def test_a_file_that_cannot_be_read_leaves_the_slot_as_it_was(desk):
    generate(desk)
    desk.take(RestoreSlot("r", 0, "no such file"))
    desk.shelf.work()
    generate(desk, "b")

    assert isinstance(desk.answers[0], Failed)
    assert desk.bench.end("b").n_cached == 4


def test_a_file_that_cannot_be_written_is_reported_and_the_next_call_goes_on(desk):
    desk.shelf.fault = InternalError("disk full")
    desk.take(SaveSlot("s", 0, "f"))
    desk.take(EraseSlot("e", 0))
    desk.shelf.work()

    assert [answer.request_id for answer in desk.answers] == ["s", "e"]
    assert desk.answers[0].error.message == "disk full"


def test_what_memory_refuses_leaves_the_slot_empty(desk):
    generate(desk)
    desk.take(SaveSlot("s", 0, "f"))
    desk.shelf.work()
    desk.bench.runner.memory.set_state = lambda *_: False
    desk.take(RestoreSlot("r", 0, "f"))
    desk.shelf.work()
    generate(desk, "b")

    assert desk.answers[-1].error.message.startswith("Unable to restore slot")
    assert desk.bench.end("b").n_cached == 0


def test_a_restore_that_memory_is_too_small_for_is_refused_and_the_loop_goes_on(desk):
    def too_small(*_):
        raise MemoryError

    restore_beside_another(desk)
    set_state, desk.bench.runner.memory.set_state = desk.bench.runner.memory.set_state, too_small
    while not desk.bench.scheduler.is_idle:
        desk.step()
    desk.bench.runner.memory.set_state = set_state
    generate(desk, "c")

    assert desk.answers[-1].error.message == "Unable to restore slot: not enough memory"
    assert desk.bench.end("c").n_cached == 0


def test_only_the_plain_prefix_of_a_shifted_context_is_saved(desk):
    generate(desk, prompt=["hello"], max_tokens=255, n_keep=3)
    desk.take(SaveSlot("s", 0, "f"))
    desk.shelf.work()

    content = desk.shelf.files["f"]
    assert content.tokens.tolist() == list(b"hell")
    assert len(content.state) == 4 * 4


def test_the_loop_answers_calls_also_when_nothing_else_happens(make_bench):
    bench = make_bench(n_parallel=1)
    desk = Desk(bench)
    sent = []
    loop = EngineLoop(bench.scheduler, sent.extend, bench.intake._clock, desk.calls.run)
    bench.submit(prompt=["hello"], max_tokens=4)
    desk.bench.step()
    desk.take(EraseSlot("e", 0))

    loop.post(Signal.DRAIN)
    loop.run()

    assert SlotMoved("e", 8, 0, 0.0) in sent
