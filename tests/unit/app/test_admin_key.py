import stat

import pytest

from corral.app.admin_key import AdminKeyFile, draw_key, read_key


def test_keys_are_long_and_different():
    assert len(draw_key()) > 40
    assert draw_key() != draw_key()


def test_the_key_can_be_read_while_the_server_lives_and_not_after(tmp_path):
    with AdminKeyFile(str(tmp_path), 8080, "secret"):
        found = read_key(str(tmp_path), 8080)

    assert found == "secret"
    assert read_key(str(tmp_path), 8080) is None


def test_nobody_else_may_read_it(tmp_path):
    with AdminKeyFile(str(tmp_path), 8080, "secret") as file:
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700
        assert [path.name for path in file.path.parent.iterdir()] == ["8080.key"]


def test_a_folder_that_was_open_to_others_is_closed(tmp_path):
    (tmp_path / "admin").mkdir(mode=0o777)

    with AdminKeyFile(str(tmp_path), 8080, "secret") as file:
        assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700


def test_a_key_that_a_dead_server_left_is_replaced(tmp_path):
    (tmp_path / "admin").mkdir()
    (tmp_path / "admin" / "8080.key").write_text("old")

    with AdminKeyFile(str(tmp_path), 8080, "new"):
        assert read_key(str(tmp_path), 8080) == "new"


def test_the_key_of_another_server_is_left_alone(tmp_path):
    with AdminKeyFile(str(tmp_path), 8080, "first"):
        file = AdminKeyFile(str(tmp_path), 8080, "second").__enter__()

    assert read_key(str(tmp_path), 8080) == "second"
    file.__exit__(None, None, None)


def test_a_folder_that_leads_elsewhere_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "admin").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(PermissionError, match="admin"):
        AdminKeyFile(str(tmp_path), 8080, "secret").__enter__()


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b" \n"])
def test_a_file_without_a_key_has_none(tmp_path, content):
    (tmp_path / "admin").mkdir()
    (tmp_path / "admin" / "8080.key").write_bytes(content)

    assert read_key(str(tmp_path), 8080) is None
