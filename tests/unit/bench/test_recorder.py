from __future__ import annotations

import pytest

from corral.bench.dialect import DIALECTS, FinalCount
from corral.bench.errors import BenchError
from corral.bench.recorder import StreamRecorder

TOKEN = b'data: {"content":"a","stop":false}\n\n'
FINAL = b'data: {"content":"","stop":true,"tokens_predicted":3,"tokens_evaluated":9}\n\n'


def test_each_token_has_a_time_and_the_final_event_ends_them() -> None:
    recorder = StreamRecorder()
    for body, now_s in [(TOKEN, 1.0), (TOKEN + TOKEN, 2.0), (FINAL, 2.5)]:
        recorder.receive(body, now_s)

    trace = recorder.finish(sent_s=0.5)

    assert list(trace.token_times_s) == [1.0, 2.0, 2.0]
    assert (trace.sent_s, trace.end_s) == (0.5, 2.5)
    assert trace.count == FinalCount(n_prompt=9, n_predicted=3)


def test_a_chats_first_token_is_not_its_role() -> None:
    recorder = StreamRecorder(DIALECTS["chat"].first_token)
    usage = b'data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2}}\n\ndata: [DONE]\n\n'
    for body, now_s in [
        (b'data: {"choices":[{"delta":{"role":"assistant","content":null}}]}\n\n', 1.0),
        (b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n', 2.0),
        (b'data: {"choices":[{"delta":{"content":"b"}}]}\n\n', 3.0),
        (b'data: {"choices":[{"delta":{},"finish_reason":"length"}]}\n\n', 3.1),
        (usage, 3.2),
    ]:
        recorder.receive(body, now_s)

    trace = recorder.finish(sent_s=0.0)

    assert list(trace.token_times_s) == [2.0, 3.0]
    assert trace.end_s == 3.2


def test_a_token_without_text_still_has_a_time() -> None:
    recorder = StreamRecorder()
    recorder.receive(b'data: {"content":"","stop":false}\n\n', 1.0)
    recorder.receive(FINAL, 1.5)

    assert list(recorder.finish(sent_s=0.0).token_times_s) == [1.0]


def test_a_stream_of_nothing_is_an_error() -> None:
    with pytest.raises(BenchError, match="without a final event"):
        StreamRecorder().finish(sent_s=0.0)
