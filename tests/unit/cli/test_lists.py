"""What `corral serve` prints instead of serving."""

from corral.cli.serve import main
from corral.config.completion import script


def test_the_models_in_the_cache_are_listed(capsys, monkeypatch, tmp_path):
    (tmp_path / "a.gguf").touch()
    (tmp_path / "a.gguf.json").write_text('{"url": "https://example.org/a.gguf"}')
    (tmp_path / "other.gguf").touch()
    monkeypatch.setattr("huggingface_hub.utils._cache_manager.HF_HUB_CACHE", str(tmp_path / "hub"))

    status = main(["--model-cache", str(tmp_path), "-cl"])

    assert status == 0
    assert capsys.readouterr().out == f"number of models in cache: 1\n   1. {tmp_path / 'a.gguf'}\n"


def test_the_completion_script_is_printed(capsys):
    assert main(["--completion-bash"]) == 0
    assert capsys.readouterr().out == script()
