"""The multimodal projector: libmtmd's context, and prompts read by it."""

from __future__ import annotations

import ctypes
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from llama_cpp import mtmd_cpp as mtmd

from corral.core.engine_settings import EngineSettings, MediaSettings
from corral.core.errors import InternalError, InvalidRequestError, ModelLoadError, NotSupportedError
from corral.core.request import Media, Piece
from corral.engine.llama.aborts import loading
from corral.engine.llama.context_params import FLASH_ATTN
from corral.engine.llama.library import Library
from corral.engine.llama.model import Model
from corral.engine.media import Span, placeholders
from corral.engine.pixels import pixels
from corral.engine.radix import Tokens
from corral.engine.sound import checked_wav

_UNSET = -1  # image_min_tokens and image_max_tokens of mtmd_context_params: as the model has it
_HEAD_BYTES = 1024 * 1024

Embeddings = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sizes:
    """Of the model's context: floats in one embedding, threads, rows in one batch and in one pass."""

    n_embd: int
    n_threads: int
    n_batch: int
    n_ubatch: int


class LlamaMediaPrompt:
    """Owner of the `mtmd_input_chunks` of one prompt.

    Embeddings are kept once made: a request may need them for several sequences.
    """

    def __init__(self, chunks: Any, tokens: Tokens, spans: tuple[Span, ...]) -> None:  # noqa: ANN401 - ctypes
        self._chunks = chunks
        self.tokens = tokens
        self.spans = spans
        self.embeddings: dict[int, Embeddings] = {}

    def chunk(self, span: Span) -> Any:  # noqa: ANN401 - a ctypes pointer
        """Return the `mtmd_input_chunk *` of an image."""
        assert self._chunks is not None
        return mtmd.mtmd_input_chunks_get(self._chunks, span.chunk)

    def close(self) -> None:
        """Free the chunks, once."""
        if self._chunks is not None:
            mtmd.mtmd_input_chunks_free(self._chunks)
        self._chunks = None
        self.embeddings.clear()


class LlamaProjector:
    """Owner of a `mtmd_context *`. `read` only reads it, so it may run beside `embeddings`."""

    def __init__(self, library: Library, model: Model, settings: EngineSettings, sizes: Sizes) -> None:
        media = settings.media
        path = media.projector_path
        assert path is not None
        self._library = library
        self._sizes = sizes
        self._identity = _identity(path, media)
        library.listen_to(mtmd.mtmd_helper_log_set)
        library.last_errors.clear()
        params = projector_params(settings, sizes)
        with loading(f"the projector '{path}'"):
            self.pointer: Any = mtmd.mtmd_init_from_file(os.fsencode(path), model.pointer, params)
        if not self.pointer:
            reason = "; ".join(library.last_errors) or "libmtmd gave no reason"
            raise ModelLoadError(f"failed to load the projector '{path}': {reason}")
        self.has_vision = bool(mtmd.mtmd_support_vision(self.pointer))
        self.has_audio = bool(mtmd.mtmd_support_audio(self.pointer))
        self.has_mrope = bool(mtmd.mtmd_decode_use_mrope(self.pointer))

    def close(self) -> None:
        """Free it."""
        mtmd.mtmd_free(self.pointer)

    def read(self, pieces: Iterable[Piece], *, is_bos_wanted: bool, has_special: bool) -> LlamaMediaPrompt:
        """Return the prompt of text and images. Raises `InvalidRequestError`."""
        with ExitStack() as images, ExitStack() as unless_read:
            parts = [self._part(piece, images, has_special=has_special) for piece in pieces]
            array = (ctypes.POINTER(mtmd.mtmd_input_part) * len(parts))(*map(ctypes.pointer, parts))
            chunks = mtmd.mtmd_input_chunks_init()
            unless_read.callback(mtmd.mtmd_input_chunks_free, chunks)
            self._library.last_errors.clear()
            if mtmd.mtmd_tokenize_from_parts(self.pointer, chunks, array, len(parts), is_bos_wanted):
                raise InvalidRequestError(f"the images cannot be read: {self._reason()}")
            prompt = self._laid_out(chunks)
            unless_read.pop_all()
            return prompt

    def embeddings(self, prompt: LlamaMediaPrompt, span: Span) -> Embeddings:
        """Return the rows [n_tokens, n_embd] of an image, made at the first call. Raises `InternalError`."""
        known = prompt.embeddings.get(span.chunk)
        if known is None:
            known = prompt.embeddings[span.chunk] = self._encode(prompt, span)
        return known

    def is_causal(self, prompt: LlamaMediaPrompt, span: Span) -> bool:
        """Return whether the rows of an image see only those before them."""
        return not mtmd.mtmd_decode_use_non_causal(self.pointer, prompt.chunk(span))

    def _encode(self, prompt: LlamaMediaPrompt, span: Span) -> Embeddings:
        self._library.last_errors.clear()
        if mtmd.mtmd_encode_chunk(self.pointer, prompt.chunk(span)):
            raise InternalError(f"an image could not be encoded: {self._reason()}")
        shape = span.n_tokens, self._sizes.n_embd
        return np.ctypeslib.as_array(mtmd.mtmd_get_output_embd(self.pointer), shape=shape).copy()

    def _part(self, piece: Piece, stack: ExitStack, *, has_special: bool) -> Any:  # noqa: ANN401 - a ctypes struct
        """Return one part of libmtmd's prompt; images live as long as `stack`."""
        match piece:
            case str():
                data = piece.encode("utf-8", "replace")
                text = mtmd.mtmd_input_text(data, len(data), False, has_special)
                return mtmd.mtmd_input_part(ctypes.pointer(text), None)
            case Media():
                bitmap = self._bitmap(piece)
                stack.callback(mtmd.mtmd_bitmap_free, bitmap)
                return mtmd.mtmd_input_part(None, bitmap)
            case _:
                raise InvalidRequestError("A prompt with images is text; it cannot hold token ids")

    def _bitmap(self, media: Media) -> Any:  # noqa: ANN401 - a ctypes pointer
        if media.is_sound:
            return self._sound(media)
        if not self.has_vision:
            raise NotSupportedError(f"Field '{media.name}': the model takes no images")
        image = pixels(media)
        height, width, _ = image.shape
        bitmap = mtmd.mtmd_bitmap_init(width, height, image.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8)))
        if not bitmap:
            raise InvalidRequestError(f"Field '{media.name}': the image cannot be read")
        identity = hashlib.sha256(media.content, usedforsecurity=False).hexdigest()
        mtmd.mtmd_bitmap_set_id(bitmap, identity.encode())
        return bitmap

    def _sound(self, media: Media) -> Any:  # noqa: ANN401 - a ctypes pointer
        if not self.has_audio:
            raise NotSupportedError(f"Field '{media.name}': the model takes no sound")
        content = checked_wav(media)
        buffer = (ctypes.c_uint8 * len(content)).from_buffer_copy(content)
        bitmap = mtmd.mtmd_helper_bitmap_init_from_buf(self.pointer, buffer, len(content), False)
        if not bitmap:
            raise InvalidRequestError(f"Field '{media.name}': the sound cannot be read")
        return bitmap

    def _laid_out(self, chunks: Any) -> LlamaMediaPrompt:  # noqa: ANN401 - a ctypes pointer
        """Return the chunks as ids and spans. Raises `InvalidRequestError` for an image that does not fit."""
        spans, ids = [], []
        start = 0
        for number, chunk in _each(chunks):
            if mtmd.mtmd_input_chunk_get_type(chunk) == mtmd.MTMD_INPUT_CHUNK_TYPE_TEXT:
                ids.append(_text_ids(chunk))
            else:
                spans.append(_span(chunk, start, number))
                ids.append(self._placeholders(chunk, spans[-1]))
            start += len(ids[-1])
        prompt = LlamaMediaPrompt(chunks, np.concatenate(ids), tuple(spans))
        self._check(prompt)
        return prompt

    def _check(self, prompt: LlamaMediaPrompt) -> None:
        """Raise `InvalidRequestError` if one pass cannot take an image that needs it."""
        n_most = min(self._sizes.n_batch, self._sizes.n_ubatch)
        n_tokens = max((s.n_tokens for s in prompt.spans if not self.is_causal(prompt, s)), default=0)
        if n_tokens > n_most:
            raise InvalidRequestError(
                f"an image takes {n_tokens} tokens, and this model must see all of them in one pass of at "
                f"most {n_most}; start the server with --ubatch-size {n_tokens} and no smaller --batch-size"
            )

    def _placeholders(self, chunk: Any, span: Span) -> Tokens:  # noqa: ANN401 - a ctypes pointer
        # One image may become several chunks, its tiles; each counts its place, so that they differ.
        content = mtmd.mtmd_input_chunk_get_id(chunk) or b""
        return placeholders(self._identity + content + b"%d" % span.chunk, span.n_tokens, span.n_positions)

    def _reason(self) -> str:
        return "; ".join(self._library.last_errors) or "libmtmd gave no reason"


def projector_params(settings: EngineSettings, sizes: Sizes) -> Any:  # noqa: ANN401 - a ctypes struct
    """Return the `mtmd_context_params` that the settings mean."""
    media = settings.media
    params = mtmd.mtmd_context_params_default()
    params.use_gpu = media.is_projector_offloaded
    params.print_timings = False
    params.n_threads = sizes.n_threads
    params.flash_attn_type = FLASH_ATTN[settings.flash_attn]
    params.warmup = settings.is_warmup
    params.image_min_tokens = _UNSET if media.image_min_tokens is None else media.image_min_tokens
    params.image_max_tokens = _UNSET if media.image_max_tokens is None else media.image_max_tokens
    return params


def _identity(path: str, settings: MediaSettings) -> bytes:
    """Return what tells this projector from others: saved KV of its images is good under no other."""
    try:
        with Path(path).open("rb") as file:
            size, head = os.fstat(file.fileno()).st_size, file.read(_HEAD_BYTES)
    except OSError as error:
        raise ModelLoadError(f"failed to load the projector '{path}': {error.strerror}") from error
    facts = f"{size} {settings.image_min_tokens} {settings.image_max_tokens}"
    return hashlib.sha256(head + facts.encode()).digest()


def _each(chunks: Any) -> Iterator[tuple[int, Any]]:  # noqa: ANN401 - ctypes pointers
    for number in range(mtmd.mtmd_input_chunks_size(chunks)):
        yield number, mtmd.mtmd_input_chunks_get(chunks, number)


def _span(chunk: Any, start: int, number: int) -> Span:  # noqa: ANN401 - a ctypes pointer
    n_tokens = mtmd.mtmd_input_chunk_get_n_tokens(chunk)
    return Span(start, n_tokens, mtmd.mtmd_input_chunk_get_n_pos(chunk), number)


def _text_ids(chunk: Any) -> Tokens:  # noqa: ANN401 - a ctypes pointer
    n = ctypes.c_size_t()
    pointer = mtmd.mtmd_input_chunk_get_tokens_text(chunk, ctypes.byref(n))
    return np.array(np.ctypeslib.as_array(pointer, shape=(n.value,)), np.int32)
