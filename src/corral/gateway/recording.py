"""Files and log lines about requests, for who switched them on: prompts, and whole runs."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol

import msgspec

from corral.core import log
from corral.core.errors import CorralError, SettingsError
from corral.core.messages import Tokenized
from corral.core.outcome import PromptProgress, SequenceOutput, SequenceStart
from corral.core.request import GenerationRequest, Media, TextPiece
from corral.core.settings import LogSettings
from corral.gateway.generation import Generation

_log = log.get("gateway.prompt")

# Not parameters of the answer; and who asked is nobody's business.
_LEFT_OUT = ("prompt", "request_id", "caller")
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")


class Tokenizer(Protocol):
    """The door's way to token ids."""

    async def __call__(self, pieces: list[TextPiece], *, add_special: bool, parse_special: bool) -> Tokenized:
        """Return the ids of text and id pieces, and the bytes of each."""
        ...


Enter = Callable[[Generation], Awaitable[None]]
Leave = Callable[[Generation], None]


class Recorder:
    """Writes what `settings` ask for. Raises SettingsError when a folder cannot be made."""

    def __init__(self, settings: LogSettings) -> None:
        self._runs = _folder(settings.runs_dir, "--logdir")
        self._prompts = _folder(settings.prompts_dir, "--log-prompts-dir")
        self._has_prompts = settings.has_prompts

    def generation(self, request: GenerationRequest, enter: Enter, leave: Leave) -> Generation:
        """Return the stream of `request`, which is written down when it has ended."""
        if self._runs is None:
            return Generation(request, enter, leave)
        return _RecordedGeneration(request, enter, leave, self._runs)

    async def begin(self, request: GenerationRequest, tokenize: Tokenizer) -> None:
        """Note the prompt of a request that is about to be submitted."""
        if self._prompts is not None:
            path = self._prompts / f"{_stamp()}-{_safe(request.request_id)}.txt"
            await asyncio.to_thread(_write, path, _prompt_text(request))
        if self._has_prompts:
            await _log_tokens(request, tokenize)


def recorder(settings: LogSettings) -> Recorder | None:
    """Return a recorder, None if there is nothing to write. Raises SettingsError."""
    is_wanted = settings.runs_dir or settings.prompts_dir or (settings.has_prompts and settings.is_enabled)
    return Recorder(settings) if is_wanted else None


class _RecordedGeneration(Generation):
    """A generation whose events are kept and written into `folder` at its end."""

    __slots__ = ("_began", "_ends", "_folder", "_starts", "_texts")

    def __init__(self, request: GenerationRequest, enter: Enter, leave: Leave, folder: Path) -> None:
        super().__init__(request, enter, leave)
        self._folder = folder
        self._began = dt.datetime.now(dt.UTC)
        self._texts: dict[int, list[str]] = {}
        self._starts: dict[int, SequenceStart] = {}
        self._ends: dict[int, Any] = {}

    def put(self, item: SequenceStart | PromptProgress | SequenceOutput) -> None:
        """Keep the item, and hand it on."""
        if isinstance(item, SequenceStart):
            self._starts[item.index] = item
        elif isinstance(item, SequenceOutput):
            self._texts.setdefault(item.index, []).append(item.text)
            if item.end is not None:
                self._ends[item.index] = item.end
        super().put(item)

    def finish(self) -> None:
        """Write everything down; the file system is not waited for."""
        super().finish()
        self._write(None)

    def fail(self, error: CorralError) -> None:
        """Write the error down too."""
        self._error = error
        super().finish()
        self._write(error)

    def _write(self, error: CorralError | None) -> None:
        path = self._folder / f"{_stamp()}-{_safe(self.request.request_id)}.yml"
        run = self._run(error)
        asyncio.get_running_loop().run_in_executor(None, lambda: _write(path, _yaml(run)))

    def _run(self, error: CorralError | None) -> dict[str, Any]:
        request = self.request
        fields = msgspec.structs.asdict(request)
        parameters = {name: value for name, value in fields.items() if name not in _LEFT_OUT}
        parameters["sampling"] = msgspec.structs.asdict(request.sampling)
        return {
            "request_id": request.request_id,
            "began": self._began.isoformat(),
            "parameters": _plain(parameters),
            "prompt": _shown_pieces(request),
            "outputs": [self._output(index) for index in sorted(self._texts)],
            **({"error": error.message} if error is not None else {}),
        }

    def _output(self, index: int) -> dict[str, Any]:
        end = self._ends.get(index)
        return {
            "index": index,
            "text": "".join(self._texts[index]),
            "end": None if end is None else _plain(msgspec.structs.asdict(end)),
        }


def _folder(path: str | None, flag: str) -> Path | None:
    if path is None:
        return None
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"{flag}: {error}") from error
    return Path(path)


async def _log_tokens(request: GenerationRequest, tokenize: Tokenizer) -> None:
    pieces = [piece for piece in request.prompt if not isinstance(piece, Media)]
    tokenized = await tokenize(pieces, add_special=request.is_bos_wanted, parse_special=request.has_special)
    _log.info(
        "prompt", request_id=request.request_id, n_tokens=len(tokenized.tokens), text=_prompt_text(request)
    )
    for token, piece in zip(tokenized.tokens, tokenized.pieces, strict=True):
        _log.info("prompt.token", id=token, piece=piece.decode("utf-8", "replace"))


def _prompt_text(request: GenerationRequest) -> str:
    """Return a prompt of text as it is, any other as JSON."""
    pieces = _shown_pieces(request)
    if all(isinstance(piece, str) for piece in pieces):
        return "".join(map(str, pieces))
    return msgspec.json.encode(pieces).decode()


def _shown_pieces(request: GenerationRequest) -> list[str | list[int]]:
    return [
        f"<media of {len(piece.content)} bytes>" if isinstance(piece, Media) else piece
        for piece in request.prompt
    ]


def _plain(fields: dict[str, Any]) -> Any:  # noqa: ANN401 - builtins of any form
    return msgspec.to_builtins(fields)


def _yaml(run: dict[str, Any]) -> str:
    import yaml  # noqa: PLC0415 - it costs time that few starts need

    text: str = yaml.safe_dump(run, allow_unicode=True, sort_keys=False, width=110)
    return text


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        _log.warning("record.lost", file=str(path), reason=str(error))


def _stamp() -> str:
    """Return the time in UTC to the millisecond, fit for a file's name."""
    return dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3]


def _safe(request_id: str) -> str:
    return _UNSAFE.sub("_", request_id)[:64]
