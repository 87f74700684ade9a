"""What a model's file says of it, whatever it is run for."""

from __future__ import annotations

import llama_cpp

from corral.core.messages import InfillTokens, ModelFacts
from corral.engine.llama.library import Library
from corral.engine.llama.model import Model
from corral.engine.llama.vocabulary import LlamaVocabulary


def model_facts(library: Library, model: Model, vocabulary: LlamaVocabulary) -> ModelFacts:
    """Return the facts of the file and the library; sizes of context and batches are the runner's to add."""
    return ModelFacts(
        name=model.metadata.get("general.name", ""),
        architecture=model.metadata.get("general.architecture", ""),
        n_vocab=vocabulary.n_tokens,
        n_ctx_train=llama_cpp.llama_model_n_ctx_train(model.pointer),
        n_embd=llama_cpp.llama_model_n_embd(model.pointer),
        n_params=llama_cpp.llama_model_n_params(model.pointer),
        n_bytes=llama_cpp.llama_model_size(model.pointer),
        vocab_type=llama_cpp.llama_vocab_type(vocabulary.pointer),
        chat_template=model.chat_template,
        bos_text=vocabulary.text_of(llama_cpp.llama_vocab_bos(vocabulary.pointer)),
        eos_text=vocabulary.text_of(llama_cpp.llama_vocab_eos(vocabulary.pointer)),
        is_bos_added=vocabulary.is_bos_added,
        is_eos_added=vocabulary.is_eos_added,
        infill=_infill(vocabulary),
        eog=sorted(vocabulary.eog),
        build=library.build,
        path=model.path,
        file_type=llama_cpp.llama_ftype_name(llama_cpp.llama_model_ftype(model.pointer)).decode(),
        metadata=model.metadata,
    )


def _infill(vocabulary: LlamaVocabulary) -> InfillTokens:
    pointer = vocabulary.pointer
    return InfillTokens(
        prefix=_known(llama_cpp.llama_vocab_fim_pre(pointer)),
        suffix=_known(llama_cpp.llama_vocab_fim_suf(pointer)),
        middle=_known(llama_cpp.llama_vocab_fim_mid(pointer)),
        repository=_known(llama_cpp.llama_vocab_fim_rep(pointer)),
        separator=_known(llama_cpp.llama_vocab_fim_sep(pointer)),
    )


def _known(token: int) -> int | None:
    """Return a token that the vocabulary has; llama.h says -1 for none."""
    return token if token >= 0 else None
