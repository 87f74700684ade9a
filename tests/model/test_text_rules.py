"""Thoughts that are ended, special tokens that are shown, prompts that are told of: on real models."""

from corral.core.messages import Stepped
from corral.core.request import GenerationRequest, Thinking
from corral.core.sampling import SamplingParams

THINKING = Thinking(n_tokens=5, begin="<t>", end="</t>", closing="\n</t>\n", is_open=True)


def test_what_follows_ended_thoughts_is_what_the_model_says_to_them(make_engine):
    engine = make_engine()
    prompt = [*b"Once"]
    limited, _ = engine.generate(prompt, thinking=THINKING, max_tokens=20)

    plain, _ = engine.generate([*prompt, *limited[:11]], max_tokens=9, is_cache_wanted=False)

    assert bytes(limited[5:11]) == b"\n</t>\n"
    assert len(limited) == 20
    assert plain == limited[11:]


def test_penalties_count_the_tokens_that_were_put_in(make_engine):
    engine = make_engine()
    sampling = SamplingParams(temperature=0.0, ignore_eos=True, repeat_penalty=1.5, repeat_last_n=64)

    limited, end = engine.generate("Once", thinking=THINKING, max_tokens=20, sampling=sampling)

    assert (len(limited), end.n_predicted) == (20, 20)


def test_only_a_special_token_is_known_by_its_text(make_engine):
    engine = make_engine()
    request = GenerationRequest(
        request_id="a", prompt=["x"], shown_tokens=("<|end|>", "not one token"), thinking=THINKING
    )

    prepared = engine.intake.prepare(request)

    assert prepared.shown == {256}
    assert bytes(prepared.closing) == b"\n</t>\n"


def test_progress_of_a_long_prompt(make_engine):
    engine = make_engine(n_batch=64)

    engine.submit("x" * 200, max_tokens=1, is_progress_wanted=True)
    engine.run()

    done = [r.n_done for e in engine.events if isinstance(e, Stepped) for r in e.progress]
    assert done == [0, 64, 128, 192, 200]
