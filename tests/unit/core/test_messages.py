from __future__ import annotations

import msgspec
import pytest

from corral.core import messages
from corral.core.errors import ContextExceededError, ErrorReport, InternalError, from_report
from corral.core.messages import Cancel, Failed, Finished, Stepped, Submit
from corral.core.outcome import FinishReason, SequenceEnd, SequenceOutput, SequenceStart
from corral.core.request import GenerationRequest
from corral.core.sampling import SamplingParams
from corral.core.step_stats import StepStats


def body(frame):
    assert int.from_bytes(frame[: messages.FRAME_HEADER_BYTES], "little") == len(frame) - 4
    return frame[messages.FRAME_HEADER_BYTES :]


def test_commands_come_back_as_they_went():
    sampling = SamplingParams(seed=7, logit_bias=((1, 0.5), ("no", float("-inf"))))
    request = GenerationRequest(request_id="a", prompt=["text", [1, 2]], sampling=sampling, stop=("x",))
    commands = [Submit(request), Cancel("b")]

    assert messages.to_commands(body(messages.to_frame(commands))) == commands


def test_events_come_back_as_they_went():
    end = SequenceEnd(FinishReason.STOP, "x", 3, 1, 2, 4, 1.5, 2.5, False, 0, 42)
    output = SequenceOutput("a", 0, "hé", [5], [], end)
    start = SequenceStart("a", 0, 1, 3, 1, 42, False)
    stats = StepStats(1, 2, 3.0, 4.0, 5, 6, 7, 8, 9)
    error = ErrorReport("queue_full", "full", {"retry_after_s": 5})
    events = [Stepped([start], [output], stats), Finished("a"), Failed("b", error)]

    assert messages.to_events(body(messages.to_frame(events))) == events


def test_what_is_no_command_is_refused():
    with pytest.raises(msgspec.DecodeError):
        messages.to_commands(msgspec.msgpack.encode([{"is": "explode"}]))


def test_an_error_comes_back_with_its_class_and_facts():
    error = from_report(ContextExceededError("too long", n_prompt_tokens=9, n_ctx=8).report())

    assert type(error) is ContextExceededError
    assert error.facts == {"n_prompt_tokens": 9, "n_ctx": 8}


def test_an_unknown_code_is_an_internal_error():
    assert type(from_report(ErrorReport("from the future", "what?"))) is InternalError
