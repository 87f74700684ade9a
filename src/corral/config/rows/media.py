"""Options about images: the projector that reads them, and where they may come from."""

from __future__ import annotations

from corral.config.checks import no_dir
from corral.config.kinds import Integer, Text
from corral.config.option import Option

MODEL_ROWS = (
    Option(
        flags="-mm --mmproj",
        env="LLAMA_ARG_MMPROJ",
        fills="model.projector_path",
        kind=Text("FILE"),
        default_text="with --hf-repo the one in the repository, if there is one",
        help="The multimodal projector that belongs to the model; with it, prompts may hold images.",
        differs="Only requests with images lose context shift, where llama-server switches it off for all.",
    ),
    Option(
        flags="-mmu --mmproj-url",
        env="LLAMA_ARG_MMPROJ_URL",
        fills="model.projector_url",
        kind=Text("URL"),
        help="Download the projector from this address, unless it is there already.",
    ),
    Option(
        flags="--mmproj-auto",
        off="--no-mmproj --no-mmproj-auto",
        env="LLAMA_ARG_MMPROJ_AUTO",
        fills="model.is_projector_wanted",
        help="Use the projector; switched off, a model is text only whatever lies beside it.",
    ),
    Option(
        flags="--mmproj-offload",
        off="--no-mmproj-offload",
        env="LLAMA_ARG_MMPROJ_OFFLOAD",
        fills="engine.media.is_projector_offloaded",
        help="Compute images on the GPU where there is one.",
    ),
    Option(
        flags="--image-min-tokens",
        env="LLAMA_ARG_IMAGE_MIN_TOKENS",
        fills="engine.media.image_min_tokens",
        kind=Integer(1, 65536),
        default_text="as the model has it",
        help="The least tokens that an image takes, for models that let its size decide.",
    ),
    Option(
        flags="--image-max-tokens",
        env="LLAMA_ARG_IMAGE_MAX_TOKENS",
        fills="engine.media.image_max_tokens",
        kind=Integer(1, 65536),
        default_text="as the model has it",
        help="The most tokens that an image takes, for models that let its size decide.",
    ),
)

SERVER_ROWS = (
    Option(
        flags="--media-path",
        env="LLAMA_ARG_MEDIA_PATH CORRAL_MEDIA_PATH",
        fills="server.media.dir",
        kind=Text("DIR"),
        check=no_dir,
        default_text="none",
        help="Let requests name images in this folder by relative file:// addresses.",
        differs="Links that lead out of the folder are not followed, and only plain files are read.",
    ),
    Option(
        flags="--media-remote",
        off="--no-media-remote",
        fills="server.media.is_remote_allowed",
        is_own=True,
        help=(
            "Let requests name images by http:// and https:// addresses, which the server then fetches; "
            "never private ones, also behind redirects."
        ),
    ),
    Option(
        flags="--media-max-bytes",
        fills="server.media.max_bytes",
        is_own=True,
        kind=Integer(1),
        unit="bytes",
        help="The largest file of an image.",
    ),
    Option(
        flags="--media-max-pixels",
        fills="server.media.max_pixels",
        is_own=True,
        kind=Integer(1),
        help="The most pixels that the images of one request may have together.",
    ),
    Option(
        flags="--media-max-images",
        fills="server.media.max_images",
        is_own=True,
        kind=Integer(1, 1024),
        help="The most images in one request, and the most frames of an animation (its first is used).",
    ),
)
