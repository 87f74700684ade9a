"""Who may use the admin API."""

import pytest

ROWS = [
    ("GET", "/admin/models"),
    ("GET", "/admin/models/big"),
    ("POST", "/admin/models/big/load"),
    ("POST", "/admin/models/big/unload"),
    ("POST", "/admin/models/big/pin"),
    ("GET", "/admin/models/big/placement"),
    ("DELETE", "/admin/models/big"),
    ("POST", "/admin/pull"),
    ("POST", "/admin/rescan"),
    ("GET", "/admin/events"),
    ("POST", "/admin/stop"),
]


def test_every_row_needs_an_admin_key(admin):
    shown = [(row.method, path.replace("{name:path}", "big")) for row in admin.rows for path in row.paths]

    assert sorted(shown) == sorted(ROWS)
    assert all(row.is_admin for row in admin.rows)


@pytest.mark.parametrize(("method", "path"), ROWS)
@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"x-api-key": "the-admin"}])
def test_without_the_key_nothing_is_done(admin, refused, method, path, headers):
    reply = admin.call(method, path, headers=headers)

    error = refused(reply, "admin key", status=401)
    assert error["type"] == "authentication_error"
    assert admin.models.calls == admin.stops == []


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer the-admin-key"},
        {"authorization": "bearer the-admin-key"},
        {"authorization": "the-admin-key"},
        {"x-api-key": "the-admin-key"},
        {"authorization": "Bearer another", "x-api-key": "the-admin-key"},
    ],
)
def test_the_key_opens_wherever_it_stands(admin, headers):
    assert admin.get("/admin/models", headers=headers).status_code == 200


def test_a_server_without_admin_keys_lets_nobody_in(make_admin, refused):
    admin = make_admin(keys=())

    refused(admin.get("/admin/models"), "admin key", status=401)
    refused(admin.get("/admin/models", headers={"authorization": "Bearer "}), "admin key", status=401)
