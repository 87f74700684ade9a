"""Runs one scenario on one target."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence

import msgspec

from corral.bench.connection import open_exchange, post
from corral.bench.dialect import Ask, Dialect
from corral.bench.errors import BenchError, UnreachableError
from corral.bench.measurement import RunMeasurement, measure_run
from corral.bench.prompt import PROSE, Prompt
from corral.bench.recorder import StreamRecorder, Trace
from corral.bench.structure import RECORDS
from corral.bench.target import Target
from corral.bench.workload import Scenario


class LoadSettings(msgspec.Struct, frozen=True):
    """How requests are worded, for all targets alike. `timeout_s` bounds one whole request.

    `models` are the names of those that a scenario may ask for, none where the server has only one.
    """

    dialect: Dialect
    is_greedy: bool = True
    has_text_prompts: bool = False
    models: tuple[str, ...] = ()
    timeout_s: float = 600.0


class _Tokens(msgspec.Struct):
    tokens: list[int]


async def fetch_vocabulary(target: Target, settings: LoadSettings) -> list[int] | None:
    """Return the token ids of which prompts are made, known to all models; None if prompts are texts.

    Raises:
        BenchError: the target cannot be reached, has no `/tokenize`, or the models have no token in common.
    """
    if settings.has_text_prompts or settings.dialect.has_text_prompts:
        return None
    try:
        found = [await _tokenize(target, model, settings.timeout_s) for model in settings.models or (None,)]
    except TimeoutError as error:
        raise _named(target, f"no answer to /tokenize within {settings.timeout_s:g} s") from error
    except UnreachableError:
        raise
    except (BenchError, msgspec.DecodeError) as error:
        raise _named(target, f"/tokenize failed ({error}); --text-prompts does without it") from error
    if not (common := set.intersection(*found)):
        raise _named(target, "its models have no tokens in common; --text-prompts does without them")
    return sorted(common)


async def _tokenize(target: Target, model: str | None, timeout_s: float) -> set[int]:
    fields: dict[str, object] = {"content": PROSE, "add_special": False}
    if model is not None:
        fields["model"] = model
    answer = await post(target, "/tokenize", msgspec.json.encode(fields), timeout_s=timeout_s)
    return set(msgspec.json.decode(answer, type=_Tokens).tokens)


async def run_scenario(
    target: Target, scenario: Scenario, prompts: Sequence[Prompt], settings: LoadSettings
) -> RunMeasurement:
    """Send the prompts, `n_repeats` to each stream, and return what was measured.

    Raises:
        BenchError: any request failed, then the other streams are dropped; or models are not named.
    """
    models = models_asked(scenario, settings)
    requests = [
        _worded(target, scenario, settings, prompt=prompt, model=models[i % len(models)])
        for i, prompt in enumerate(prompts)
    ]
    start = asyncio.Barrier(scenario.n_streams)
    cpu_s = time.process_time()
    try:
        async with asyncio.TaskGroup() as group:
            streams = [
                group.create_task(_run_stream(target, requests[first :: scenario.n_streams], start, settings))
                for first in range(scenario.n_streams)
            ]
    except BaseExceptionGroup as failures:
        raise _first_failure(failures) from failures
    cpu_s = time.process_time() - cpu_s
    traces = [trace for stream in streams for trace in stream.result()]
    return measure_run(traces, n_predict=scenario.n_predict, client_cpu_s=cpu_s)


async def _run_stream(
    target: Target, requests: Sequence[bytes], start: asyncio.Barrier, settings: LoadSettings
) -> list[Trace]:
    """Send the requests one after another; the first waits until every stream is connected."""
    traces: list[Trace] = []
    for request in requests:
        recorder = StreamRecorder(settings.dialect.first_token)
        try:
            async with asyncio.timeout(settings.timeout_s):
                with contextlib.closing(await open_exchange(target, recorder.receive)) as exchange:
                    if not traces:
                        await start.wait()
                    sent_s = await exchange.send(request)
                    traces.append(recorder.finish(sent_s))
        except TimeoutError as error:
            raise _named(target, f"no final event within {settings.timeout_s:g} s") from error
        except UnreachableError:
            raise
        except BenchError as error:
            raise _named(target, error.message) from error
    return traces


def models_asked(scenario: Scenario, settings: LoadSettings) -> Sequence[str | None]:
    """Return the models to ask in turn; None: the server has one, or chooses itself.

    Raises:
        BenchError: fewer are named than the scenario needs.
    """
    models = settings.models[: scenario.n_models] or (None,)
    if len(models) < scenario.n_models:
        raise BenchError(f"{scenario.name} needs {scenario.n_models} models: name them by --model NAME,NAME.")
    return models


def _worded(
    target: Target, scenario: Scenario, settings: LoadSettings, *, prompt: Prompt, model: str | None
) -> bytes:
    ask = Ask(
        prompt,
        scenario.n_predict,
        is_greedy=settings.is_greedy,
        model=model,
        schema=RECORDS if scenario.is_json else None,
    )
    body = msgspec.json.encode(settings.dialect.word(ask))
    return target.request_bytes(settings.dialect.path, body)


def _first_failure(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return what went wrong first: the others are its consequences."""
    first = failures.exceptions[0]
    return _first_failure(first) if isinstance(first, BaseExceptionGroup) else first


def _named(target: Target, reason: str) -> BenchError:
    return BenchError(f"{target.name} at {target.url}: {reason}.")
