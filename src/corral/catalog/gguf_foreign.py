"""Files that are no GGUF, and what to do about each."""

from __future__ import annotations

MAGIC = b"GGUF"

# The containers of 2023, before GGUF. Their magic is a number: its letters stand backwards in the file.
_OLD = {b"lmgg": "GGML", b"fmgg": "GGMF", b"tjgg": "GGJT"}
_OLD_ADAPTER = b"algg"
_OTHERS = {
    b"PK\x03\x04": "a PyTorch or ZIP file; convert it with llama.cpp's convert_hf_to_gguf.py",
    b"vers": "the pointer that Git leaves of a large file; get the file itself with `git lfs pull`",
    b"<!DO": "a web page; get the file itself, the address led elsewhere",
    b"<htm": "a web page; get the file itself, the address led elsewhere",
}


def foreign(magic: bytes) -> str:
    """Return a clause on a file that begins with these four bytes, to follow its name."""
    old = _OLD.get(magic) or _OLD.get(magic[::-1])
    if old is not None:
        return (
            f"it is in the old {old} format of 2023, which llama.cpp no longer reads; get the model as GGUF, "
            "or convert a Llama one with llama.cpp's convert_llama_ggml_to_gguf.py"
        )
    if _OLD_ADAPTER in (magic, magic[::-1]):
        return (
            "it is a LoRA adapter in the old GGLA format of 2023, which llama.cpp no longer reads; convert "
            "the original with llama.cpp's convert_lora_to_gguf.py"
        )
    if magic in _OTHERS:
        return f"it is {_OTHERS[magic]}"
    return f"it begins with {_shown(magic)}, not with GGUF" if magic else "it is empty"


def _shown(magic: bytes) -> str:
    text = magic.decode("ascii", errors="replace")
    return f"'{text}'" if text.isascii() and text.isprintable() else f"the bytes {magic.hex(' ')}"
