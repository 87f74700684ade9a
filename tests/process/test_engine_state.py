"""What an engine process keeps between requests: slots in files, adapters, the system prompt."""

import asyncio
import os

import pytest

from corral.core.engine_settings import AdapterSettings, LoraSettings, RopeSettings
from corral.core.errors import AuthenticationError, InvalidRequestError, ModelLoadError, NotSupportedError

ADAPTERS = AdapterSettings(loras=(LoraSettings("a.gguf"), LoraSettings("b.gguf", 0.5)))


async def text_of(gateway, request_id, **options):
    outputs = await gateway.outputs(request_id, **options)
    return "".join(output.text for output in outputs)


async def crash(gateway):
    """Kill the engine and wait until another is ready."""
    process = gateway.worker().process
    process.kill()
    while gateway.worker().process is process:  # noqa: ASYNC110 (processes are the supervisor's to change)
        await asyncio.sleep(0)
    await gateway.outputs("after the crash")


def test_a_slot_is_saved_erased_and_restored(run, loaded, tmp_path):
    path = str(tmp_path / "slot.bin")

    async def act():
        async with loaded() as gateway:
            outputs = await gateway.outputs("first", max_tokens=4)
            slot = outputs[-1].end.slot
            state = gateway.door.state
            saved = await state.save_slot(slot, path, "")
            erased = await state.erase_slot(slot, "")
            restored = await state.restore_slot(slot, path, "")
            again = await gateway.outputs("again", max_tokens=4)
            return saved, erased, restored, again[-1].end

    saved, erased, restored, end = run(act())

    assert saved.n_tokens == erased.n_tokens == restored.n_tokens == 2 + 1 + 3
    assert saved.n_bytes == restored.n_bytes == tmp_path.joinpath("slot.bin").stat().st_size
    assert end.n_prompt_tokens - end.n_cached == 1


def test_a_slot_survives_in_its_file_when_the_engine_does_not(run, loaded, tmp_path):
    path = str(tmp_path / "slot.bin")

    async def act():
        async with loaded() as gateway:
            await gateway.outputs("first", max_tokens=4)
            await gateway.door.state.save_slot(0, path, "")
            await crash(gateway)
            await gateway.door.state.restore_slot(1, path, "")
            again = await gateway.outputs("again", max_tokens=4)
            return again[-1].end

    end = run(act())

    assert end.n_prompt_tokens - end.n_cached == 1


def test_what_another_caller_asked_is_not_saved_and_stays(run, loaded, tmp_path):
    path = tmp_path / "slot.bin"

    async def act():
        async with loaded() as gateway:
            outputs = await gateway.outputs("first", max_tokens=4, caller="ann")
            slot, state = outputs[-1].end.slot, gateway.door.state
            for call in (state.save_slot(slot, str(path), "bob"), state.erase_slot(slot, "bob")):
                with pytest.raises(AuthenticationError, match="another key's"):
                    await call
            return (await state.save_slot(slot, str(path), "ann")).n_tokens

    assert run(act()) == 2 + 1 + 3
    assert path.exists()


@pytest.mark.parametrize("slot", [-1, 2])
def test_a_slot_that_there_is_not_is_refused(run, loaded, slot):
    async def act():
        async with loaded() as gateway:
            await gateway.door.state.erase_slot(slot, "")

    with pytest.raises(InvalidRequestError, match="Invalid slot ID"):
        run(act())


def test_a_file_that_is_none_is_refused_and_the_engine_goes_on(run, loaded, tmp_path):
    tmp_path.joinpath("slot.bin").write_bytes(os.urandom(4096))

    async def act():
        async with loaded() as gateway:
            with pytest.raises(InvalidRequestError, match="Unable to restore slot"):
                await gateway.door.state.restore_slot(0, str(tmp_path / "slot.bin"), "")
            return await text_of(gateway, "after")

    assert len(run(act())) == 3


def test_a_call_on_a_busy_slot_is_answered_when_its_request_ends(run, loaded):
    async def act():
        async with loaded("fake:step_ms=2") as gateway, gateway.generate(max_tokens=30) as generation:
            start = await anext(generation)
            call = asyncio.create_task(gateway.door.state.erase_slot(start.slot, ""))
            async for _ in generation:
                assert not call.done()
            return await call

    assert run(act()).n_tokens == 2 + 1 + 29


def test_scales_are_in_force_for_who_comes_later_and_after_a_crash(run, loaded):
    async def act():
        async with loaded(adapters=ADAPTERS) as gateway:
            before = await text_of(gateway, "before", max_tokens=20)
            await gateway.door.state.set_loras([(1, 2.0)])
            after = await text_of(gateway, "after", max_tokens=20)
            scales = [lora.scale for lora in gateway.door.facts().loras]
            await crash(gateway)
            again = await text_of(gateway, "again", max_tokens=20)
            return before, after, again, scales, [lora.scale for lora in gateway.door.facts().loras]

    before, after, again, scales, scales_again = run(act())

    assert before != after == again
    assert scales == scales_again == [0.0, 2.0]


def test_an_unknown_adapter_changes_nothing(run, loaded):
    async def act():
        async with loaded(adapters=ADAPTERS) as gateway:
            with pytest.raises(InvalidRequestError, match="invalid adapter id"):
                await gateway.door.state.set_loras([(0, 0.0), (7, 1.0)])
            return [lora.scale for lora in gateway.door.facts().loras]

    assert run(act()) == [1.0, 0.5]


def test_the_system_prompt_is_in_force_for_who_comes_later_and_after_a_crash(run, loaded):
    async def act():
        async with loaded() as gateway:
            before = await text_of(gateway, "before", max_tokens=20)
            await gateway.door.state.set_system_prompt("Be kind.")
            after = await text_of(gateway, "after", max_tokens=20)
            await crash(gateway)
            again = await text_of(gateway, "again", max_tokens=20)
            shown = gateway.door.facts().system_prompt
            await gateway.door.state.set_system_prompt("")
            return before, after, again, shown, await text_of(gateway, "cleared", max_tokens=20)

    before, after, again, shown, cleared = run(act())

    assert before == cleared != after == again
    assert shown == "Be kind."


def test_one_that_leaves_no_room_is_refused(run, loaded):
    async def act():
        async with loaded() as gateway:
            with pytest.raises(InvalidRequestError, match="the system prompt has 2101 tokens"):
                await gateway.door.state.set_system_prompt("x" * 2100)
            return gateway.door.facts().system_prompt

    assert run(act()) == ""


def test_one_that_leaves_no_room_at_the_start_ends_it(run, opened):
    async def act():
        async with opened(system_prompt="x" * 2100) as gateway:
            await gateway.load()

    with pytest.raises((InvalidRequestError, ModelLoadError), match="the system prompt has 2101 tokens"):
        run(act())


def test_slots_of_self_extend_are_not_saved(run, loaded, tmp_path):
    async def act():
        async with loaded(rope=RopeSettings(group_n=4, group_width=32)) as gateway:
            await gateway.outputs("first", max_tokens=4)
            await gateway.door.state.erase_slot(0, "")
            await gateway.door.state.save_slot(0, str(tmp_path / "slot.bin"), "")

    with pytest.raises(NotSupportedError, match="--grp-attn-n"):
        run(act())
