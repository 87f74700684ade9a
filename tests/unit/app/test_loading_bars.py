import io

import pytest

from corral.app.loading_bars import LoadingBars
from corral.core.model_view import ModelEvent, ModelState


class Terminal(io.StringIO):
    def isatty(self):
        return True


def event(state, *, n=1, model="tiny", **fields):
    return ModelEvent(n=n, model=model, state=state, **fields)


@pytest.fixture
def screen():
    return io.StringIO()


@pytest.fixture
def terminal():
    return Terminal()


def test_what_is_no_terminal_gets_a_line_for_each_state(screen):
    with LoadingBars(screen) as bars:
        for part in (0.1, 0.2, 1.0):
            bars.show(event(ModelState.LOADING, progress=part))
        bars.show(event(ModelState.READY))
        bars.show(event(ModelState.UNLOADING))

    assert screen.getvalue() == "Loading tiny\ntiny is ready\n"


def test_the_reason_of_a_failure_stands_beside_it(screen):
    with LoadingBars(screen) as bars:
        bars.show(event(ModelState.FAILED, reason="the file is cut off"))

    assert screen.getvalue() == "tiny could not be loaded: the file is cut off\n"


def test_what_was_so_before_is_no_news(screen):
    with LoadingBars(screen) as bars:
        bars.show(event(ModelState.READY, n=0))
        bars.show(event(ModelState.LOADING, n=0, model="other"))

    assert screen.getvalue() == "Loading other\n"


def test_a_terminal_gets_a_bar_that_goes_when_the_model_is_there(terminal):
    with LoadingBars(terminal) as bars:
        bars.show(event(ModelState.LOADING, progress=0.5))
        bars.show(event(ModelState.READY))
        after = terminal.getvalue()

    assert "Loading tiny" in after
    assert "50%" in after
    assert after.endswith("tiny is ready\n")


def test_two_models_have_a_bar_each(terminal):
    with LoadingBars(terminal) as bars:
        bars.show(event(ModelState.LOADING, progress=0.25))
        bars.show(event(ModelState.DOWNLOADING, model="[bold]big", progress=0.75))
        bars.show(event(ModelState.READY))

    shown = terminal.getvalue()
    assert "Loading tiny" in shown
    assert "Downloading [bold]big" in shown
    assert "tiny is ready" in shown


def test_bars_that_are_left_end_with_the_watching(terminal):
    with LoadingBars(terminal) as bars:
        bars.show(event(ModelState.WAITING))

    shown_again = "\x1b[?25h"
    assert shown_again in terminal.getvalue()


def test_who_reads_no_more_does_not_end_the_server():
    class Gone(io.StringIO):
        def flush(self):
            raise BrokenPipeError

    LoadingBars(Gone()).show(event(ModelState.LOADING))
