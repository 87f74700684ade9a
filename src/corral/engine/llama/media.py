"""What a runner has for images: a projector and the decoder of what it makes, or neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

import llama_cpp
import msgspec

from corral.core.engine_settings import EngineSettings
from corral.core.errors import ModelLoadError
from corral.core.messages import ModelFacts
from corral.engine.llama.context import Context
from corral.engine.llama.library import Library
from corral.engine.llama.model import Model
from corral.engine.media import MediaPrompt, Span

if TYPE_CHECKING:
    from corral.engine.llama.media_batch import MediaDecoder
    from corral.engine.llama.projector import LlamaProjector


class LlamaMedia:
    """Owner of the projector that `--mmproj` names; without one it refuses nothing and does nothing."""

    def __init__(self, library: Library, model: Model, context: Context, settings: EngineSettings) -> None:
        self.projector: LlamaProjector | None = None
        self._decoder: MediaDecoder | None = None
        if settings.media.projector_path is not None:
            self._open(library, model, context, settings)

    def with_modalities(self, facts: ModelFacts) -> ModelFacts:
        """Return the facts with what prompts may hold besides text."""
        if self.projector is None:
            return facts
        return msgspec.structs.replace(
            facts, has_vision=self.projector.has_vision, has_audio=self.projector.has_audio
        )

    def decode(
        self, media: MediaPrompt, span: Span, seq_id: int, *, position: int, is_last_output: bool
    ) -> None:
        """Compute an image into memory. Raises `InternalError`, `DecodeError`."""
        assert self._decoder is not None
        self._decoder.decode(media, span, seq_id, position=position, is_last_output=is_last_output)

    def close(self) -> None:
        """Free the projector."""
        if self.projector is not None:
            self.projector.close()

    def _open(self, library: Library, model: Model, context: Context, settings: EngineSettings) -> None:
        # libmtmd and Pillow are loaded for those who use them.
        from corral.engine.llama.media_batch import MediaDecoder  # noqa: PLC0415
        from corral.engine.llama.projector import LlamaProjector, Sizes  # noqa: PLC0415

        if settings.rope.group_n > 1:
            raise ModelLoadError("--grp-attn-n moves positions that images need; leave out --mmproj")
        sizes = Sizes(
            n_embd=llama_cpp.llama_model_n_embd_inp(model.pointer),
            n_threads=llama_cpp.llama_n_threads_batch(context.pointer),
            n_batch=context.n_batch,
            n_ubatch=llama_cpp.llama_n_ubatch(context.pointer),
        )
        self.projector = LlamaProjector(library, model, settings, sizes)
        self._decoder = MediaDecoder(context.pointer, self.projector, sizes.n_batch)
