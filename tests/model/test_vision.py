"""Images through random projectors: any mistake in where or what is seen changes the text."""

from __future__ import annotations

import msgspec
import pytest

from corral.core.clock import MonotonicClock
from corral.core.engine_settings import EngineSettings, MediaSettings, RopeSettings
from corral.core.errors import ContextExceededError, InvalidRequestError, ModelLoadError, NotSupportedError
from corral.core.outcome import FinishReason
from corral.core.request import GenerationRequest, Media
from corral.core.sampling import SamplingParams
from corral.engine.llama.projector import Sizes, projector_params
from corral.engine.scheduler import Scheduler
from corral.engine.tiers.host import HostTier
from corral.engine.tiers.tiers import Tiers
from tests.model.conftest import GREEDY, WIDTH
from tests.model.projector_files import (
    PROJECTORS,
    image_bytes,
    wav_bytes,
    write_gemma,
    write_llava,
    write_sound,
)

MODELS = {"llava": "llama", "gemma": "llama", "qwen": "mrope"}
CAT, DOG = Media(image_bytes(1)), Media(image_bytes(2))


@pytest.fixture(scope="session")
def projector_path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("projectors")
    for kind, write in PROJECTORS.items():
        write(folder / f"{kind}.gguf", WIDTH)
    return lambda kind: str(folder / f"{kind}.gguf")


@pytest.fixture
def make_seeing(make_engine, projector_path):
    """Return a function from a kind of projector to an engine with it."""

    def make(kind="llava", *, media=None, **settings):
        given = media or MediaSettings()
        given = msgspec.structs.replace(given, projector_path=projector_path(kind))
        return make_engine(MODELS[kind], media=given, **settings)

    return make


def submit(engine, *pieces, **fields):
    request_id = f"seen {len(engine.events)}"
    values = {"request_id": request_id, "max_tokens": 16, "sampling": GREEDY, **fields}
    prepared = engine.intake.prepare(GenerationRequest(prompt=list(pieces), **values))
    engine.events += engine.scheduler.submit(prepared)
    return request_id


def see(engine, *pieces, **fields):
    """Return the tokens of one answer, made alone, and how it ended."""
    request_id = submit(engine, *pieces, **fields)
    engine.run()
    return engine.tokens(request_id), engine.end(request_id)


@pytest.mark.parametrize("kind", PROJECTORS)
def test_the_text_depends_on_the_image_and_on_nothing_else(make_seeing, kind):
    engine = make_seeing(kind)

    cat, dog, again = (see(engine, "a ", image, " is", is_cache_wanted=False)[0] for image in (CAT, DOG, CAT))

    assert cat == again
    assert cat != dog


@pytest.mark.parametrize("kind", PROJECTORS)
def test_a_chat_that_goes_on_behind_an_image_reuses_it(make_seeing, kind):
    engine = make_seeing(kind)
    see(engine, "one ", CAT, " two", max_tokens=1)

    cached, end = see(engine, "one ", CAT, " two and more")
    fresh, _ = see(engine, "one ", CAT, " two and more", is_cache_wanted=False)

    assert cached == fresh
    assert end.n_cached == end.n_prompt_tokens - len(" and more")


@pytest.mark.parametrize("kind", PROJECTORS)
@pytest.mark.parametrize("end", [" two and more", " but no", ""])
def test_an_image_that_left_the_cells_comes_back_from_host_memory(make_seeing, kind, end):
    engine = make_seeing(kind, n_parallel=1)
    tiers = Tiers(HostTier(None))
    engine.scheduler = Scheduler(engine.runner, engine.settings, MonotonicClock(), tiers)
    story = "once upon a time there was a cat " * 3
    see(engine, story, CAT, " two", max_tokens=1)
    see(engine, "quite another text, which is long enough to take the cells away " * 2)

    restored, restart = see(engine, story, CAT, end)
    fresh, _ = see(engine, story, CAT, end, is_cache_wanted=False)

    assert restored == fresh
    assert restart.n_cached >= (len(story) if not end else restart.n_prompt_tokens - len(end))
    assert tiers.counts.n_from_host


@pytest.mark.parametrize("kind", PROJECTORS)
def test_another_image_in_the_same_place_shares_only_what_stands_before(make_seeing, kind):
    engine = make_seeing(kind)
    fresh, alone = see(engine, "one ", DOG, " two", is_cache_wanted=False)
    engine.scheduler.ledger.erase(0)
    _, before = see(engine, "one ", CAT, " two")
    n_before = next(iter(engine.intake.prepare(_request("one ", DOG)).spans)).start

    tokens, end = see(engine, "one ", DOG, " two")

    assert tokens == fresh
    assert end.n_cached == n_before < before.n_prompt_tokens == alone.n_prompt_tokens


@pytest.mark.parametrize("kind", PROJECTORS)
def test_images_beside_text_are_as_if_alone(make_seeing, kind):
    engine = make_seeing(kind)
    prompts = [("x ", CAT, " y"), ("only text",), (DOG, "z"), ("a", CAT, "b", DOG, "c")]
    alone = [see(engine, *prompt, is_cache_wanted=False)[0] for prompt in prompts]

    ids = [
        submit(engine, *prompt, request_id=str(i), is_cache_wanted=False) for i, prompt in enumerate(prompts)
    ]
    engine.run()

    assert [engine.tokens(str(i)) for i in range(len(ids))] == alone


@pytest.mark.parametrize("kind", ["llava", "qwen"])
def test_an_image_moves_to_another_slot_with_its_memory(make_seeing, kind):
    engine = make_seeing(kind)
    ledger, memory = engine.scheduler.ledger, engine.runner.memory
    fresh, _ = see(engine, "one ", CAT, " two and more", is_cache_wanted=False)
    _, end = see(engine, "one ", CAT, " two", max_tokens=4)
    space, tokens = ledger.content(end.slot)
    state = memory.state(end.slot)
    for slot in range(engine.runner.n_slots):
        ledger.erase(slot)

    memory.set_state(3, state)
    ledger.fill(3, space, tokens)

    again, restored = see(engine, "one ", CAT, " two and more")
    assert again == fresh
    assert restored.n_cached == end.n_prompt_tokens


def test_a_prompt_may_end_with_an_image(make_seeing):
    engine = make_seeing()

    cat, _ = see(engine, "look", CAT)
    again, end = see(engine, "look", CAT)

    assert cat == again != see(engine, "look", DOG)[0]
    assert end.n_cached == len("look")


def test_an_image_in_parts_of_a_small_batch_is_the_same(make_seeing):
    whole, _ = see(make_seeing(), "x ", CAT, " y")
    parts, _ = see(make_seeing(n_batch=5, n_ubatch=5), "x ", CAT, " y")
    at_end, _ = see(make_seeing(n_batch=5, n_ubatch=5), "x ", CAT)

    assert whole == parts
    assert at_end == see(make_seeing(), "x ", CAT)[0]


def test_several_answers_share_the_image(make_seeing):
    engine = make_seeing()
    alone, _ = see(engine, "x ", CAT, " y", is_cache_wanted=False)

    request_id = submit(engine, "x ", CAT, " y", n=3, is_cache_wanted=False)
    engine.run()

    assert [engine.tokens(request_id, index) for index in range(3)] == [alone] * 3


@pytest.mark.parametrize("form", ["JPEG", "BMP", "GIF", "WEBP"])
def test_images_come_in_many_formats(make_seeing, form):
    engine = make_seeing()

    tokens, _ = see(engine, "x ", Media(image_bytes(1, form=form)), " y")

    assert (tokens == see(engine, "x ", CAT, " y")[0]) == (form == "BMP")


def test_penalties_look_at_text_only(make_seeing):
    sampling = SamplingParams(
        temperature=0.0, ignore_eos=True, presence_penalty=100.0, repeat_last_n=-1, dry_multiplier=2.0
    )

    tokens, _ = see(make_seeing(), "x ", CAT, " y", sampling=sampling, max_tokens=40)

    assert len(set(tokens)) == len(tokens) == 40
    assert not set(tokens) & set(b"x y")


@pytest.mark.parametrize(
    "content", [b"not an image", image_bytes(3)[:-200], b"\xff\xd8\xff\xe0" + b"\0" * 50, b"GIF89a"]
)
def test_what_is_no_image_is_the_clients_error_and_named(make_seeing, content):
    engine = make_seeing()

    with pytest.raises(InvalidRequestError, match=r"Field 'image_data\[0\]': the image cannot be decoded"):
        submit(engine, "x ", Media(content, "image_data[0]"))

    assert see(engine, "x ", CAT)[1].reason is FinishReason.LENGTH


def test_token_ids_beside_an_image_are_refused(make_seeing):
    with pytest.raises(InvalidRequestError, match="cannot hold token ids"):
        submit(make_seeing(), [1, 2], CAT)


def test_a_full_context_ends_an_answer_about_an_image(make_seeing):
    engine = make_seeing(n_ctx=64, n_parallel=1)

    _, end = see(engine, "x ", CAT, " y", max_tokens=None)

    assert (end.reason, end.is_truncated) == (FinishReason.LENGTH, True)
    assert end.n_prompt_tokens + end.n_predicted == 64


def test_a_prompt_with_images_is_never_cut(make_seeing):
    engine = make_seeing(n_ctx=64, n_parallel=1)

    with pytest.raises(ContextExceededError, match="66 tokens"):
        submit(engine, "x" * 50, CAT)


def test_an_image_that_must_be_seen_at_once_needs_a_large_enough_pass(make_engine, tmp_path):
    write_gemma(tmp_path / "large.gguf", WIDTH, image_size=64)
    engine = make_engine(n_ubatch=8, media=MediaSettings(projector_path=str(tmp_path / "large.gguf")))

    with pytest.raises(InvalidRequestError, match=r"takes 16 tokens.*--ubatch-size 16"):
        submit(engine, "x ", CAT)

    assert engine.generate("x")[1].reason is FinishReason.LENGTH


def test_the_bounds_on_an_images_tokens_reach_the_projector(make_seeing):
    large = Media(image_bytes(4, size=(96, 80)))
    small = Media(image_bytes(4, size=(16, 16)))

    def n_tokens(image, **bounds):
        engine = make_seeing("qwen", media=MediaSettings(**bounds))
        return engine.intake.prepare(_request(image)).spans[0].n_tokens

    assert n_tokens(large, image_max_tokens=20) <= 20 < n_tokens(large)
    assert n_tokens(small, image_min_tokens=64) >= 64 > n_tokens(small)


def test_a_wrong_projector_ends_the_start_with_the_reason(make_engine, model_path, tmp_path):
    write_llava(tmp_path / "wide.gguf", 2 * WIDTH)
    (tmp_path / "broken.gguf").write_bytes(b"GGUF" + b"\xff" * 100)

    for path, words in (
        (tmp_path / "none.gguf", r"none\.gguf': No such file"),
        (tmp_path / "wide.gguf", "mismatch between text model"),
        (tmp_path / "broken.gguf", "failed to load the projector"),
        (model_path("llama"), "failed to load the projector"),
    ):
        with pytest.raises(ModelLoadError, match=words):
            make_engine(media=MediaSettings(projector_path=str(path)))


def test_the_projector_is_set_up_as_asked():
    sizes = Sizes(n_embd=64, n_threads=3, n_batch=128, n_ubatch=32)
    media = MediaSettings(is_projector_offloaded=False, image_min_tokens=5, image_max_tokens=9)

    asked = projector_params(EngineSettings(media=media, flash_attn="off", is_warmup=False), sizes)
    plain = projector_params(EngineSettings(), sizes)

    assert (asked.use_gpu, asked.image_min_tokens, asked.image_max_tokens) == (False, 5, 9)
    assert (asked.n_threads, asked.flash_attn_type, asked.warmup) == (3, 0, False)
    assert (plain.use_gpu, plain.image_min_tokens, plain.image_max_tokens) == (True, -1, -1)


def test_self_extend_and_images_exclude_each_other(make_seeing):
    with pytest.raises(ModelLoadError, match="--grp-attn-n"):
        make_seeing(rope=RopeSettings(group_n=2, group_width=32))


def test_sound_is_heard_where_the_projector_can(make_engine, tmp_path):
    write_sound(tmp_path / "sound.gguf", WIDTH)
    engine = make_engine(n_parallel=1, media=MediaSettings(projector_path=str(tmp_path / "sound.gguf")))
    one, two = Media(wav_bytes(1)), Media(wav_bytes(2, seconds=1.5, rate=44100))

    first, other, again = (see(engine, "hear ", sound, " now")[0] for sound in (one, two, one))

    assert first == again != other
    assert (engine.runner.facts.has_vision, engine.runner.facts.has_audio) == (False, True)
    with pytest.raises(NotSupportedError, match="no images"):
        submit(engine, CAT)
    with pytest.raises(InvalidRequestError, match="cannot be decoded"):
        submit(engine, Media(wav_bytes(1)[:30]))


def test_a_projector_of_images_takes_no_sound(make_seeing):
    with pytest.raises(NotSupportedError, match="no sound"):
        submit(make_seeing(), Media(wav_bytes(1)))


def test_the_facts_tell_of_images(make_seeing, make_engine):
    assert make_seeing().runner.facts.has_vision
    assert not make_engine().runner.facts.has_vision


def _request(*pieces):
    return GenerationRequest(request_id="looked at", prompt=list(pieces))
