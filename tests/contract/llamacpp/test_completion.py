"""POST /completion, field by field."""

import math

import pytest

from corral.core.errors import InternalError
from corral.core.outcome import FinishReason
from corral.core.sampling import SamplingParams
from corral.core.settings import GenerationDefaults

KEYS = [
    "content",
    "id_slot",
    "stop",
    "model",
    "tokens_predicted",
    "tokens_evaluated",
    "generation_settings",
    "prompt",
    "truncated",
    "stopped_eos",
    "stopped_word",
    "stopped_limit",
    "stopping_word",
    "tokens_cached",
    "timings",
    "index",
    "tokens",
    "has_new_line",
    "stop_type",
]
OLD_SETTINGS = [
    "n_ctx",
    "n_predict",
    "model",
    "seed",
    "seed_cur",
    "temperature",
    "dynatemp_range",
    "dynatemp_exponent",
    "top_k",
    "top_p",
    "min_p",
    "tfs_z",
    "typical_p",
    "repeat_last_n",
    "repeat_penalty",
    "presence_penalty",
    "frequency_penalty",
    "mirostat",
    "mirostat_tau",
    "mirostat_eta",
    "penalize_nl",
    "stop",
    "max_tokens",
    "n_keep",
    "n_discard",
    "ignore_eos",
    "stream",
    "n_probs",
    "min_keep",
    "grammar",
    "samplers",
]


def test_an_answer_has_every_key_of_both_generations(client):
    answer = client.post("/completion", {"prompt": "Once"}).json()

    assert list(answer) == KEYS
    assert answer["content"] == "Hello!"
    assert answer["stop"] is True
    assert answer["id_slot"] == 0
    assert answer["model"] == "tiny"
    assert answer["prompt"] == "Once"
    assert answer["truncated"] is False
    assert answer["index"] == 0
    assert answer["tokens"] == []
    assert answer["has_new_line"] is False


def test_the_three_token_counts_differ(client):
    answer = client.post("/completion", {"prompt": "Once"}).json()

    assert answer["tokens_evaluated"] == 7
    assert answer["timings"]["prompt_n"] == 5
    assert answer["timings"]["cache_n"] == 2
    assert answer["tokens_cached"] == 10
    assert answer["tokens_predicted"] == 3


def test_timings_have_rates(client):
    timings = client.post("/completion", {"prompt": "Once"}).json()["timings"]

    assert timings == {
        "cache_n": 2,
        "prompt_n": 5,
        "prompt_ms": 10.0,
        "prompt_per_token_ms": 2.0,
        "prompt_per_second": 500.0,
        "predicted_n": 3,
        "predicted_ms": 20.0,
        "predicted_per_token_ms": pytest.approx(20 / 3),
        "predicted_per_second": 150.0,
    }


@pytest.mark.parametrize(
    ("reason", "flag", "kind"),
    [
        (FinishReason.EOS, "stopped_eos", "eos"),
        (FinishReason.STOP, "stopped_word", "word"),
        (FinishReason.LENGTH, "stopped_limit", "limit"),
    ],
)
def test_exactly_one_flag_says_why_it_stopped(client, door, reason, flag, kind):
    door.reason = reason
    door.stop_text = "!!" if reason is FinishReason.STOP else ""

    answer = client.post("/completion", {"prompt": "Once"}).json()

    flags = {name: answer[name] for name in ("stopped_eos", "stopped_word", "stopped_limit")}
    assert [name for name, is_set in flags.items() if is_set] == [flag]
    assert answer["stop_type"] == kind
    assert answer["stopping_word"] == door.stop_text


def test_a_prompt_of_nothing_gives_an_empty_answer_with_zero_counts(client, door):
    door._events = lambda _request, _index: iter(())

    answer = client.post("/completion", {"prompt": ""}).json()

    assert (answer["content"], answer["stop"], answer["tokens_evaluated"]) == ("", True, 0)
    assert answer["timings"]["prompt_per_second"] == 0.0
    assert answer["timings"]["predicted_per_token_ms"] == 0.0


def test_a_cut_prompt_is_truncated(client, door):
    door.is_truncated = True

    assert client.post("/completion", {"prompt": "Once"}).json()["truncated"] is True


def test_tokens_and_new_lines_are_told_when_wanted(client, door):
    door.texts = ["a\n", "b"]

    answer = client.post("/completion", {"prompt": "Once", "return_tokens": True}).json()

    assert answer["tokens"] == [65, 66]
    assert answer["has_new_line"] is True


def test_generation_settings_hold_the_older_keys_in_order_and_float32(client):
    settings = client.post("/completion", {"prompt": "Once", "n_predict": 5}).json()["generation_settings"]

    assert [key for key in settings if key in OLD_SETTINGS] == OLD_SETTINGS
    assert settings["temperature"] == 0.800000011920929
    assert settings["top_p"] == 0.949999988079071
    assert settings["repeat_penalty"] == 1.0
    assert settings["penalize_nl"] is False
    assert settings["n_predict"] == settings["max_tokens"] == 5
    assert settings["seed"] == 4294967295
    assert settings["seed_cur"] == 42
    assert settings["n_ctx"] == 2048
    assert settings["grammar"] == ""
    assert "typical_p" in settings["samplers"]


FIELDS = {
    "temperature": 0.5,
    "dynatemp_range": 0.25,
    "dynatemp_exponent": 2.0,
    "top_k": 7,
    "top_p": 0.5,
    "min_p": 0.125,
    "typical_p": 0.5,
    "top_n_sigma": 1.5,
    "xtc_probability": 0.5,
    "xtc_threshold": 0.25,
    "repeat_penalty": 1.5,
    "repeat_last_n": 9,
    "presence_penalty": 0.5,
    "frequency_penalty": 0.25,
    "dry_multiplier": 0.5,
    "dry_base": 2.0,
    "dry_allowed_length": 3,
    "dry_penalty_last_n": 8,
    "dry_sequence_breakers": ["x"],
    "mirostat": 2,
    "mirostat_tau": 4.0,
    "mirostat_eta": 0.5,
    "min_keep": 3,
    "seed": 11,
    "ignore_eos": True,
    "n_probs": 4,
    "samplers": ["temperature", "top_k"],
}


@pytest.mark.parametrize("name", FIELDS)
def test_each_option_reaches_the_engine_and_comes_back(client, sampling_of, name):
    answer = client.post("/completion", {"prompt": "a", name: FIELDS[name]}).json()

    assert sampling_of()[name] == FIELDS[name]
    assert answer["generation_settings"][name] == FIELDS[name]


@pytest.mark.parametrize("name", sorted(set(FIELDS) - {"samplers", "ignore_eos"}))
def test_an_option_of_the_wrong_type_is_400_with_its_name(client, refused, name):
    refused(client.post("/completion", {"prompt": "a", name: {"not": "this"}}), f"'{name}'")
    refused(client.post("/completion", {"prompt": "a", name: True}), f"'{name}'")


@pytest.mark.parametrize(
    "name", ["samplers", "ignore_eos", "stream", "stop", "cache_prompt", "n_predict", "logit_bias"]
)
def test_a_number_with_a_fraction_fits_no_other_type(client, refused, name):
    refused(client.post("/completion", {"prompt": "a", name: 0.5}), f"'{name}'")


@pytest.mark.parametrize(
    ("name", "given", "used"),
    [
        ("repeat_last_n", -7, -1),
        ("n_probs", -1, 0),
        ("n_probs", 10**9, 1024),
        ("min_keep", -1, 0),
        ("top_k", 10**30, 2**31 - 1),
        ("top_k", 40.0, 40),
        ("mirostat", 9, 0),
        ("seed", -1, None),
        ("seed", 4294967295, None),
        ("seed", 4294967296, 0),
        ("dry_base", 0.5, 1.75),
        ("temperature", 10**40, 1000.0),
        ("samplers", ["typical", "typ_p", "nonsense", "temperature"], ("typ_p", "typ_p", "temperature")),
        ("samplers", [], ()),
    ],
)
def test_what_is_out_of_range_is_clamped(client, door, name, given, used):
    assert client.post("/completion", {"prompt": "a", name: given}).status_code == 200

    assert getattr(door.requests[-1].sampling, name) == used


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ([[5, -1.5]], ((5, -1.5),)),
        ([[5, False]], ((5, -math.inf),)),
        ([["Hello", 2]], (("Hello", 2.0),)),
        ([[5, True], [5], "x", [260, 1], [-1, 1], [True, 1], [5, "x"], [1.5, 1]], ()),
        ({"5": 1.5, "Hello": False}, ((5, 1.5), ("Hello", -math.inf))),
        ([[5, 10**400]], None),
    ],
)
def test_logit_bias_takes_all_forms_and_skips_malformed_pairs(client, door, given, used):
    reply = client.post("/completion", {"prompt": "a", "logit_bias": given})

    if used is not None:
        assert door.requests[-1].sampling.logit_bias == used
    assert reply.status_code in (200, 400)


@pytest.mark.parametrize(("given", "used"), [("a", ("a",)), (["a", "", "b"], ("a", "b")), ([], ()), ("", ())])
def test_stop_is_a_string_or_a_list(client, door, given, used):
    client.post("/completion", {"prompt": "a", "stop": given})

    assert door.requests[-1].stop == used


@pytest.mark.parametrize(
    ("body", "server", "limit"),
    [
        ({}, -1, (None, False)),
        ({"n_predict": -1}, -1, (None, False)),
        ({"n_predict": 0}, -1, (0, False)),
        ({"n_predict": 9}, -1, (9, False)),
        ({"n_predict": -2}, -1, (None, True)),
        ({"max_tokens": 9}, -1, (9, False)),
        ({"max_completion_tokens": 9}, -1, (9, False)),
        ({"n_predict": 3, "max_tokens": 9}, -1, (3, False)),
        ({"n_predict": 256}, 64, (64, False)),
        ({"n_predict": 6}, 64, (6, False)),
        ({"n_predict": -1}, 64, (64, False)),
        ({}, 64, (64, False)),
        ({}, -2, (None, True)),
    ],
)
def test_n_predict_and_the_servers_cap(make_client, door, body, server, limit):
    client = make_client(generation=GenerationDefaults(n_predict=server))

    client.post("/completion", {"prompt": "a", **body})

    request = door.requests[-1]
    assert (request.max_tokens, request.is_until_context_full) == limit


@pytest.mark.parametrize("value", [-3, 1.5, "9"])
def test_an_impossible_n_predict_is_400(client, refused, value):
    refused(client.post("/completion", {"prompt": "a", "n_predict": value}), "'n_predict'")


def test_the_servers_own_defaults_are_used(make_client, sampling_of):
    client = make_client(
        generation=GenerationDefaults(sampling=SamplingParams(temperature=0.25, seed=3), n_keep=-1)
    )

    client.post("/completion", {"prompt": "a"})

    assert (sampling_of()["temperature"], sampling_of()["seed"]) == (0.25, 3)


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [
        ({"t_max_predict_ms": 50}, "max_predict_ms", 50),
        ({"t_max_predict_ms": -1}, "max_predict_ms", None),
        ({"n_keep": -1}, "n_keep", None),
        ({"n_keep": 5}, "n_keep", 5),
        ({"n_discard": 5}, "n_discard", 5),
        ({"n_discard": -5}, "n_discard", 0),
        ({"id_slot": 1}, "slot", 1),
        ({"id_slot": -1}, "slot", None),
        ({}, "is_cache_wanted", False),
        ({"cache_prompt": True}, "is_cache_wanted", True),
        ({"n": 2}, "n", 2),
        ({"n_cmpl": 2}, "n", 2),
    ],
)
def test_limits_reach_the_engine(client, door, body, field, value):
    client.post("/completion", {"prompt": "a", **body})

    assert getattr(door.requests[-1], field) == value


@pytest.mark.parametrize("slot", [2, -2, 10**20])
def test_an_unknown_slot_is_400(client, refused, slot):
    refused(client.post("/completion", {"prompt": "a", "id_slot": slot}), "Invalid slot ID")


@pytest.mark.parametrize("n", [0, -1, 3])
def test_more_answers_than_slots_are_refused(client, refused, n):
    refused(client.post("/completion", {"prompt": "a", "n": n}), "'n'")


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"json_schema": 123}, '"json_schema"'),
        ({"regex": "x", "lark": "start: x"}, 'Only one of "regex", "lark"'),
        ({"grammar": "x", "json_schema": {}}, "but not both"),
        ({"lora": [{"id": 0, "scale": 1}]}, "invalid adapter id"),
        ({"dry_sequence_breakers": []}, "dry_sequence_breakers"),
        ({"stop": ["x"] * 1000}, "stop"),
    ],
)
def test_what_is_not_served_is_refused_by_name(client, door, refused, body, name):
    for is_stream in (False, True):
        refused(client.post("/completion", {"prompt": "a", "stream": is_stream, **body}), name)
    assert door.requests == []


@pytest.mark.parametrize(
    "body",
    [{"grammar": ""}, {"tfs_z": 1.0}, {"penalize_nl": False}, {"lora": []}, {"image_data": [{"id": 1}]}],
)
def test_the_same_options_left_off_are_fine(client, body):
    assert client.post("/completion", {"prompt": "a", **body}).status_code == 200


@pytest.mark.parametrize(
    ("prompt", "pieces"),
    [
        ("Once", [["Once"]]),
        ([1, 2], [[[1, 2]]]),
        (["a", 1, 2, "b"], [["a", [1, 2], "b"]]),
        (["a"], [["a"]]),
        ([[1, 2]], [[[1, 2]]]),
        (["a", "b"], [["a"], ["b"]]),
        (["a", [1], ["b", 2]], [["a"], [[1]], ["b", [2]]]),
        ({"prompt_string": "a"}, [["a"]]),
        ([{"prompt_string": "a"}, "b"], [["a"], ["b"]]),
    ],
)
def test_prompt_forms(client, door, prompt, pieces):
    reply = client.post("/completion", {"prompt": prompt}).json()

    assert [request.prompt for request in door.requests] == pieces
    answers = reply if len(pieces) > 1 else [reply]
    assert [answer["index"] for answer in answers] == list(range(len(pieces)))


def test_several_prompts_come_back_as_supplied_in_order(client):
    answers = client.post("/completion", {"prompt": ["a", [1, 2]]}).json()

    assert [answer["prompt"] for answer in answers] == ["a", [1, 2]]


@pytest.mark.parametrize(
    "prompt", [None, [], {}, 5, True, [True], [[True]], [1.5], [None], [["a", []]], {"x": "a"}]
)
def test_what_is_no_prompt_is_400(client, refused, prompt):
    refused(client.post("/completion", {"prompt": prompt}), '"prompt" must be')


@pytest.mark.parametrize("prompt", [[-1], [260], [1, 10**30], ["a", 999], [[1], [260]]])
def test_ids_outside_the_vocabulary_are_400(client, refused, prompt):
    refused(client.post("/completion", {"prompt": prompt}), "Prompt contains invalid tokens")


def test_too_many_prompts_are_400(client, refused):
    refused(client.post("/completion", {"prompt": ["a"] * 5000}), '"prompt"')


def test_response_fields_select_and_unnest(client):
    body = {
        "prompt": "a",
        "response_fields": ["content", "generation_settings/n_ctx", "timings/prompt_n", "nope"],
    }

    assert client.post("/completion", body).json() == {
        "content": "Hello!",
        "generation_settings/n_ctx": 2048,
        "timings/prompt_n": 5,
    }


def test_a_stream_sends_a_token_per_event_and_then_the_whole(client):
    *tokens, last = client.events("/completion", {"prompt": "Once"})

    assert tokens == [
        {
            "content": text,
            "stop": False,
            "id_slot": 0,
            "multimodal": False,
            "index": 0,
            "tokens": [65 + i],
            "tokens_predicted": i + 1,
            "tokens_evaluated": 7,
        }
        for i, text in enumerate(["Hel", "lo", "!"])
    ]
    assert list(last) == KEYS
    assert (last["content"], last["stop"], last["tokens"]) == ("", True, [])
    assert last["generation_settings"]["stream"] is True


def test_a_stream_is_framed_to_the_byte(client):
    reply = client.post("/completion", {"prompt": "Once", "stream": True})

    first = b'data: {"content":"Hel","stop":false,"id_slot":0,"multimodal":false,"index":0,"tokens":[65],'
    assert reply.content.startswith(first + b'"tokens_predicted":1,"tokens_evaluated":7}\n\n')
    assert reply.content.endswith(b"}\n\n")
    assert b"[DONE]" not in reply.content
    assert reply.headers["content-type"] == "text/event-stream"


def test_text_is_escaped_and_other_scripts_are_not(client, door):
    door.texts = ['"\n', "é水"]

    reply = client.post("/completion", {"prompt": "Once", "stream": True})

    assert b'{"content":"\\"\\n"' in reply.content
    assert '{"content":"é水"'.encode() in reply.content


def test_an_output_without_text_waits_for_the_next(client, door):
    door.texts = ["a", "", "b"]

    first, second, _ = client.events("/completion", {"prompt": "Once"})

    assert (first["tokens"], second["tokens"]) == ([65], [66, 67])
    assert second["tokens_predicted"] == 3


def test_streamed_text_equals_the_plain_answer(client, door):
    door.texts = ["a", "", "bc", ""]

    events = client.events("/completion", {"prompt": "Once"})

    plain = client.post("/completion", {"prompt": "Once"}).json()
    assert "".join(event["content"] for event in events) == plain["content"] == "abc"


def test_several_prompts_stream_together_each_with_its_index(client):
    events = client.events("/completion", {"prompt": ["a", "b"]})

    for index in (0, 1):
        own = [event for event in events if event["index"] == index]
        assert "".join(event["content"] for event in own) == "Hello!"
        assert [event["stop"] for event in own] == [False, False, False, True]
    assert {event["prompt"] for event in events if event["stop"]} == {"a", "b"}


def test_timings_per_token(client):
    first, *_ = client.events("/completion", {"prompt": "Once", "timings_per_token": True})

    assert first["timings"]["predicted_n"] == 1
    assert first["timings"]["prompt_n"] == 5


def test_an_error_in_mid_stream_is_one_event_for_old_and_new_clients(client, door):
    door.failure = InternalError("decode failed")

    reply = client.post("/completion", {"prompt": "Once", "stream": True})

    shown = '{"code":500,"message":"decode failed","type":"server_error"}'
    end = f'error: {shown}\ndata: {{"error":{shown},"content":"","stop":true}}\n\n'
    assert reply.status_code == 200
    assert reply.text.endswith(end)


def test_a_fault_of_ours_in_mid_stream_leaks_nothing(client, door):
    door.failure = RuntimeError("secret")

    reply = client.post("/completion", {"prompt": "Once", "stream": True})

    assert "secret" not in reply.text
    assert "Internal server error" in reply.text


def test_a_server_that_stops_says_so(client, door, refused):
    door.reason = FinishReason.ABORTED

    refused(client.post("/completion", {"prompt": "a"}), "stopping", status=503)
    assert "stopping" in client.events("/completion", {"prompt": "a"})[-1]["error"]["message"]


@pytest.mark.parametrize("path", ["/completions"])
def test_the_alias_answers_alike(client, path):
    assert client.post(path, {"prompt": "a"}).json()["content"] == "Hello!"
