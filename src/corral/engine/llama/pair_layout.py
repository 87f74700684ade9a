"""The pair layout of a reranking model, from its vocabulary or its own template.

As llama-server has it since it reads the vocabulary's flags (`format_prompt_rerank`, server-common.cpp).
"""

from __future__ import annotations

import llama_cpp

from corral.engine.llama.model import Model
from corral.engine.llama.vocabulary import LlamaVocabulary
from corral.engine.pairs import PairLayout


def pair_layout(model: Model, vocabulary: LlamaVocabulary) -> PairLayout:
    """Return BOS query EOS SEP document EOS, each where the vocabulary asks for it; or the template."""
    template = llama_cpp.llama_model_chat_template(model.pointer, b"rerank")
    if template:
        return PairLayout(template=template.decode("utf-8", "replace"))
    pointer = vocabulary.pointer
    sep = llama_cpp.llama_vocab_sep(pointer)
    eos = llama_cpp.llama_vocab_eos(pointer)
    end = _if(eos if eos >= 0 else sep, wanted=vocabulary.is_eos_added)
    return PairLayout(
        head=_if(llama_cpp.llama_vocab_bos(pointer), wanted=vocabulary.is_bos_added),
        between=(*end, *_if(sep, wanted=llama_cpp.llama_vocab_get_add_sep(pointer))),
        tail=end,
    )


def _if(token: int, *, wanted: bool) -> tuple[int, ...]:
    return (token,) if wanted and token >= 0 else ()
