"""What a model remembers of each token and of each sequence, as its header tells it."""

from __future__ import annotations

import msgspec

from corral.catalog.gguf_keys import Keys

# Architectures whose window the header names without saying which layers have it: every how many layers one
# sees everything, whether that is the first of them or the last, and the window that needs no naming
# (`load_arch_hparams` of each in llama.cpp's src/models).
_PATTERNS = {
    "afmoe": (4, False, 0),
    "cohere2": (4, False, 0),
    "cohere2moe": (4, True, 0),
    "exaone-moe": (4, False, 128),
    "exaone4": (4, False, 0),
    "gemma2": (2, False, 4096),
    "gemma3": (6, False, 0),
    "gemma3n": (5, False, 0),
    "gpt-oss": (2, False, 0),
    "laguna": (4, True, 0),
    "llama4": (4, False, 8192),
    "mellum": (4, False, 0),
    "olmo2": (4, False, 0),
    "plamo3": (8, False, 0),
    "smallthinker": (4, True, 0),
}
_FIXED_WINDOWS = {"llama4": 8192}  # whatever the header says

# `llama_model::create_memory` gives these none: they see all of an input at once.
_MEMORYLESS = frozenset(
    {
        "bert",
        "dream",
        "eurobert",
        "gemma-embedding",
        "jina-bert-v2",
        "jina-bert-v3",
        "llada",
        "llada-moe",
        "modern-bert",
        "neo-bert",
        "nomic-bert",
        "nomic-bert-moe",
        "rnd1",
        "wavtokenizer-dec",
    }
)
_N_OWN_KV = {"gemma3n": 20}  # layers from here on use the KV of those before


class Attention(msgspec.Struct, frozen=True, kw_only=True):
    """The heads of each layer, their lengths in elements, and which layers see only a window.

    `n_head_kv` is 0 for layers that keep no keys. `is_latent`: keys and values are stored as one (MLA).
    `n_swa` 0: no window.
    """

    n_head: int = 0
    n_head_kv: tuple[int, ...] = ()
    key_length: int = 0
    value_length: int = 0
    key_length_swa: int = 0
    value_length_swa: int = 0
    is_latent: bool = False
    n_swa: int = 0
    has_window: tuple[bool, ...] = ()

    def row(self, layer: int) -> tuple[int, int]:
        """Return the elements of the key and of the value that this layer keeps of a token.

        `n_embd_k_gqa` and `n_embd_v_gqa` of llama-hparams.cpp.
        """
        n, is_windowed = self.n_head_kv[layer], self.has_window[layer]
        key = self.key_length_swa if is_windowed else self.key_length
        value = self.value_length_swa if is_windowed else self.value_length
        return n * key, 0 if self.is_latent else n * value


class Recurrence(msgspec.Struct, frozen=True, kw_only=True):
    """The elements (F32) of a recurrent layer's state of one sequence, and its inner width."""

    n_shift: int
    n_state: int
    n_inner: int = 0


def attention_of(keys: Keys, n_layers: int) -> Attention:
    """Return the attention of a model of `n_layers`, with those that only predict further tokens."""
    n_head = keys.number("attention.head_count")
    length = keys.number("embedding_length") // n_head if n_head else 0
    key, value = (keys.number(f"attention.{name}_length", length) for name in ("key", "value"))
    n_swa, has_window = _window(keys, n_layers)
    return Attention(
        n_head=n_head,
        n_head_kv=_n_head_kv(keys, n_layers),
        key_length=key,
        value_length=value,
        key_length_swa=keys.number("attention.key_length_swa", key),
        value_length_swa=keys.number("attention.value_length_swa", value),
        is_latent=keys.has("attention.key_length_mla") and keys.has("attention.value_length_mla"),
        n_swa=n_swa,
        has_window=has_window,
    )


def recurrence_of(keys: Keys) -> Recurrence | None:
    """Return the sizes of a state, `n_embd_r` and `n_embd_s` of llama-hparams.cpp; None if there is none."""
    n_embd, n_head = keys.number("embedding_length"), keys.number("attention.head_count")
    wkv, kda = keys.number("wkv.head_size"), keys.number("kda.head_dim")
    kernel, inner = max(keys.number("ssm.conv_kernel") - 1, 0), keys.number("ssm.inner_size")
    if wkv:
        return Recurrence(n_shift=keys.number("token_shift_count", 2) * n_embd, n_state=n_embd * wkv)
    if n_cached := keys.number("shortconv.l_cache"):
        return Recurrence(n_shift=n_embd * (n_cached - 1), n_state=0)
    if kda:
        return Recurrence(n_shift=3 * (kernel or 3) * n_head * kda, n_state=kda * kda * n_head)
    if not inner:
        return None
    size = keys.number("ssm.state_size")
    n_convolved = inner + 2 * keys.number("ssm.group_count") * size
    return Recurrence(n_shift=kernel * n_convolved, n_state=size * inner, n_inner=inner)


def _n_head_kv(keys: Keys, n_layers: int) -> tuple[int, ...]:
    if keys.architecture in _MEMORYLESS:
        return (0,) * n_layers
    heads = keys.numbers("attention.head_count_kv", n_layers, keys.number("attention.head_count"))
    n_shared = keys.number("attention.shared_kv_layers")
    n_own = _N_OWN_KV.get(keys.architecture, n_layers - n_shared)
    n_own = min(n_own, n_layers - keys.number("nextn_predict_layers"))
    return tuple(n if layer < n_own else 0 for layer, n in enumerate(heads))


def _window(keys: Keys, n_layers: int) -> tuple[int, tuple[bool, ...]]:
    """Return the window and which layers have it, as `load_swa_pattern` of llama-model.cpp finds them."""
    everything = 0, (False,) * n_layers
    if keys.architecture == "phi3":  # llama.cpp: its files carry wrong windows, all layers see everything
        return everything
    period, is_first_full, n_default = _PATTERNS.get(keys.architecture, (0, False, 0))
    n_swa = keys.number("attention.sliding_window", n_default)
    flags = keys.flags("attention.sliding_window_pattern")
    period = period if flags is not None else keys.number("attention.sliding_window_pattern", period)
    if not n_swa or (flags is None and not period):
        return everything
    full = 0 if is_first_full else period - 1
    flags = flags or tuple(layer % period != full for layer in range(n_layers))
    padded = (*flags[:n_layers], *[False] * (n_layers - len(flags)))
    return _FIXED_WINDOWS.get(keys.architecture, n_swa), padded
