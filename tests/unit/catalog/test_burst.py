"""Several that want the same file get it by one download, which each of them can leave."""

from __future__ import annotations

import queue
import threading

import pytest

from corral.catalog.cancel import Cancellable, DownloadCancelledError
from corral.catalog.download import download
from corral.catalog.hub import Hub
from corral.catalog.parallel import each
from corral.catalog.progress import Arrival, Tally
from corral.core.errors import ModelLoadError
from tests.fake_hub import DEADLINE_S

BODY = bytes(range(256)) * 1000


class Asker(threading.Thread):
    """Downloads on a thread; what it is told and what it ended with can be waited for."""

    def __init__(self, work):
        super().__init__(daemon=True)
        self._work = work
        self.told = queue.Queue()
        self.progress = Cancellable(self.told.put)
        self.result = None
        self.start()

    def run(self):
        try:
            self.result = self._work(self.progress)
        except ModelLoadError as error:
            self.result = error

    def until_told(self, is_wanted):
        while not is_wanted(arrival := self.told.get(timeout=DEADLINE_S)):
            pass
        return arrival

    def end(self):
        self.join(DEADLINE_S)
        assert not self.is_alive()
        return self.result


@pytest.fixture
def ask(fake_hub, tmp_path):
    """Return a function that begins a download of the one model, as a user of its own."""
    fake_hub.publish("owner/name", {"a.gguf": BODY})

    def begin():
        hub = Hub(endpoint=fake_hub.url, cache_dir=tmp_path)
        return Asker(lambda progress: hub.fetch("owner/name", progress=progress))

    return begin


def test_the_second_waits_and_is_told_how_far_the_first_is(fake_hub, ask):
    fake_hub.n_held = 1000
    first = ask()
    first.until_told(lambda arrival: arrival.n_bytes == 1000)

    second = ask()
    waiting = second.until_told(lambda arrival: arrival.is_waiting)
    fake_hub.let_go.set()
    paths = {first.end(), second.end()}

    assert waiting == Arrival("a.gguf", waiting.n_bytes, len(BODY), is_waiting=True)
    assert len(paths) == 1
    assert paths.pop().read_bytes() == BODY
    assert len(fake_hub.gets()) == 1
    assert fake_hub.n_file_bytes() == len(BODY)


def test_many_at_once_are_one_download(fake_hub, ask):
    paths = {asker.end() for asker in [ask() for _ in range(8)]}

    assert len(paths) == 1
    assert fake_hub.n_file_bytes() == len(BODY)


def test_who_waits_can_leave_and_the_download_goes_on(fake_hub, ask):
    fake_hub.n_held = 1000
    first = ask()
    first.until_told(lambda arrival: arrival.n_bytes == 1000)
    second = ask()
    second.until_told(lambda arrival: arrival.is_waiting)

    second.progress.cancel()
    left = second.end()
    fake_hub.let_go.set()

    assert isinstance(left, DownloadCancelledError)
    assert first.end().read_bytes() == BODY


def test_when_the_first_leaves_the_second_goes_on_from_there(fake_hub, ask):
    fake_hub.n_held = 1000
    first = ask()
    first.until_told(lambda arrival: arrival.n_bytes == 1000)
    second = ask()
    second.until_told(lambda arrival: arrival.is_waiting)

    first.progress.cancel()
    fake_hub.n_held = None
    fake_hub.let_go.set()

    assert isinstance(first.end(), DownloadCancelledError)
    assert second.end().read_bytes() == BODY
    assert len(fake_hub.gets()) == 2
    start = int(fake_hub.gets()[1].headers["range"].removeprefix("bytes=").rstrip("-"))
    assert start >= 1000


def test_addresses_are_shared_alike(server, tmp_path):
    server.files["a.gguf"] = BODY
    target = tmp_path / "a.gguf"

    askers = [Asker(lambda p: download(f"{server.url}/a.gguf", target, progress=p)) for _ in range(8)]

    assert [asker.end() for asker in askers] == [None] * 8
    assert target.read_bytes() == BODY
    assert len(server.gets) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"a.gguf", "a.gguf.json"}


def test_a_cancelled_download_keeps_what_has_arrived(server, tmp_path):
    server.files["a.gguf"] = BODY
    progress = Cancellable(lambda arrival: progress.cancel() if arrival.n_bytes else None)

    with pytest.raises(DownloadCancelledError, match=r"the download of a\.gguf was cancelled"):
        download(f"{server.url}/a.gguf", tmp_path / "a.gguf", progress=progress)
    download(f"{server.url}/a.gguf", tmp_path / "a.gguf")

    assert (tmp_path / "a.gguf").read_bytes() == BODY
    assert "Range" in server.gets[1]


def test_each_item_is_worked_on_once_and_the_first_error_ends_the_rest():
    done, items = [], list(range(50))

    each(done.append, items, 4)
    assert sorted(done) == items

    with pytest.raises(ZeroDivisionError):
        each(lambda item: done.append(1 // item), items, 1)
    assert len(done) == len(items)


def test_a_tally_knows_a_total_when_all_files_have_one():
    tally = Tally()
    assert tally.fraction is None

    tally(Arrival("a", 10, 40))
    tally(Arrival("b", 0, None))
    assert (tally.n_bytes, tally.n_total_bytes, tally.fraction) == (10, None, None)

    tally(Arrival("b", 10, 40))
    assert (tally.n_bytes, tally.n_total_bytes, tally.fraction) == (20, 80, 0.25)
