"""The variables of commands that talk to a server."""

from corral.config.environment import ServerAccess, read_access, unread


def test_the_environment_says_where_the_server_is_and_what_opens_it():
    environ = {"CORRAL_URL": "http://box:1", "CORRAL_API_KEY": "k", "CORRAL_ADMIN_KEY": "a,b"}

    assert read_access(environ) == ServerAccess("http://box:1", "k", "a")


def test_what_is_empty_is_not_said():
    assert read_access({"CORRAL_URL": "", "CORRAL_API_KEY": ""}) == ServerAccess(None, None, None)


def test_they_are_no_mistaken_options():
    assert list(unread({"CORRAL_URL": "x", "CORRAL_API_KEY": "y"})) == []
    assert len(list(unread({"CORRAL_URLS": "x"}))) == 1
