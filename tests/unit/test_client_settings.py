"""Where the client finds its server and its token."""

from __future__ import annotations

import stat

import pytest
from geoscope.settings import ClientSettings, SavedTokens


@pytest.fixture
def saved(tmp_path):
    return SavedTokens(tmp_path / "geoscope" / "tokens.json")


def test_without_anything_the_server_is_here():
    assert ClientSettings.from_env({}).url == "http://127.0.0.1:8080"


def test_the_environment_says_where_and_who():
    env = {
        "GEOSCOPE_CLIENT_URL": "https://maps.example/",
        "GEOSCOPE_CLIENT_USERNAME": "ann",
        "GEOSCOPE_CLIENT_PASSWORD": "secret",
        "GEOSCOPE_CLIENT_TOKEN": "",
    }

    found = ClientSettings.from_env(env)

    assert (found.url, found.username, found.password) == ("https://maps.example", "ann", "secret")
    assert found.token is None


def test_a_saved_token_is_for_its_server_only(saved):
    saved.put("http://one", "1")
    saved.put("http://two", "2")

    found = ClientSettings.from_env({"GEOSCOPE_CLIENT_URL": "http://two"}, saved)

    assert found.token == "2"
    assert ClientSettings.from_env({}, saved).token is None


def test_the_environment_wins_over_a_saved_token(saved):
    saved.put("http://one", "1")
    env = {"GEOSCOPE_CLIENT_URL": "http://one", "GEOSCOPE_CLIENT_PASSWORD": "secret"}

    assert ClientSettings.from_env(env, saved).token is None


def test_only_its_owner_reads_the_file(saved):
    saved.put("http://one", "1")

    assert stat.S_IMODE(saved.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(saved.path.parent.stat().st_mode) == 0o700


def test_a_forgotten_token_is_gone(saved):
    saved.put("http://one", "1")
    saved.put("http://one", None)

    assert saved.get("http://one") is None
    assert "1" not in saved.path.read_text()


def test_a_damaged_file_is_like_none(saved):
    saved.path.parent.mkdir()
    saved.path.write_text("{not json")

    assert saved.get("http://one") is None
