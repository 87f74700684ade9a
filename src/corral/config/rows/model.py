"""Options about which model, and where it comes from."""

from __future__ import annotations

from corral.config.kinds import Text
from corral.config.option import Option

ROWS = (
    Option(
        flags="-m --model",
        env="LLAMA_ARG_MODEL",
        fills="model.path",
        kind=Text("FNAME"),
        default_text="the small model that comes with Corral",
        help="The GGUF file of the model; with --model-url, where the download is kept.",
    ),
    Option(
        flags="-a --alias",
        env="LLAMA_ARG_ALIAS",
        fills="model.alias",
        kind=Text("NAME"),
        default_text="the model as it was named",
        help="The name of the model in the API.",
    ),
    Option(
        flags="-mu --model-url",
        env="LLAMA_ARG_MODEL_URL",
        fills="model.url",
        kind=Text("URL"),
        help="Download the model from this address, unless it is there already.",
    ),
    Option(
        flags="--model-cache",
        env="LLAMA_CACHE CORRAL_MODEL_CACHE",
        fills="model.cache_dir",
        kind=Text("DIR"),
        default_text="llama.cpp in the user's cache directory",
        help="Where models from --model-url are kept.",
    ),
    Option(
        flags="-hf -hfr --hf-repo",
        env="LLAMA_ARG_HF_REPO",
        fills="model.hf_repo",
        kind=Text("OWNER/NAME[:QUANT]"),
        help="Take the model from this Hugging Face repository; QUANT picks a file, Q4_K_M if there is one.",
    ),
    Option(
        flags="-hff --hf-file",
        env="LLAMA_ARG_HF_FILE",
        fills="model.hf_file",
        kind=Text("FILE"),
        default_text="chosen by QUANT",
        help="The file in the repository.",
    ),
    Option(
        flags="-hft --hf-token",
        env="HF_TOKEN",
        fills="model.hf_token",
        kind=Text("TOKEN"),
        default_text="the one that the huggingface_hub library finds",
        help="The key for repositories that are not public. It is never logged.",
    ),
    Option(
        flags="--chat-template",
        env="LLAMA_ARG_CHAT_TEMPLATE",
        fills="chat.template",
        kind=Text("JINJA"),
        default_text="the model's own",
        help="How a chat becomes a prompt: the text of a Jinja template, or the name of a known one.",
    ),
    Option(
        flags="--chat-template-file",
        env="LLAMA_ARG_CHAT_TEMPLATE_FILE",
        fills="chat.template",
        kind=Text("FNAME"),
        is_file=True,
        default_text="the model's own",
        help="The same, from a file.",
    ),
)
