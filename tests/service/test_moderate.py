"""`python -m service moderate`, against a node on this machine."""

from __future__ import annotations

import asyncio
import json

import pytest

from service import moderate
from tests.service.serving import Served, serving

KEY = "the-key-of-the-operator"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("HUBBUB_API_KEY", KEY)
    return monkeypatch


async def run(served: Served, environment: pytest.MonkeyPatch, *arguments: str) -> int:
    environment.setenv("HUBBUB_PORT", str(served.port))
    return await asyncio.to_thread(moderate.main, arguments)


async def test_an_action_is_taken_and_listed(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with serving(api_key=KEY) as served:
        assert await run(served, environment, "ban", "u1", "--reason", "spam", "--seconds", "60") == 0
        taken = json.loads(capsys.readouterr().out)
        assert (taken["action"], taken["target"], taken["reason"]) == ("ban", "u1", "spam")
        assert taken["until"] == taken["at"] + 60_000
        assert await run(served, environment, "list") == 0
        assert json.loads(capsys.readouterr().out)["actions"] == [taken]
        for arguments, target in (
            (["ban", "--address", "192.0.2.1"], "192.0.2.1"),
            (["kick", "--token", "t1"], "t1"),
        ):
            assert await run(served, environment, *arguments, "--reason", "spam") == 0
            assert json.loads(capsys.readouterr().out)["target"] == target
        assert await run(served, environment, "delete", "lobby", "7", "--reason", "x") == moderate.FAILED
        assert "Message 7 is not kept" in capsys.readouterr().err
        assert await run(served, environment, "close", " ", "--reason", "x") == moderate.FAILED
        assert "Invalid room name" in capsys.readouterr().err


async def test_a_topic_is_set_for_members_and_the_list(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with serving(api_key=KEY) as served:
        ann, _ = await served.joined("Ann")
        assert await run(served, environment, "topic", "lobby", "tea") == 0
        taken = json.loads(capsys.readouterr().out)
        assert (taken["action"], taken["target"], taken["text"]) == ("topic", "lobby", "tea")
        message = await ann.event("message")
        assert (message["event"], message["text"], message["user"]) == ("topic", "tea", "operator")
        assert (await ann.ask("join", room="lobby"))["topic"] == "tea"
        assert await run(served, environment, "list") == 0
        assert json.loads(capsys.readouterr().out)["actions"] == [taken]
        assert await run(served, environment, "topic", "lobby", "") == 0
        assert "topic" not in await ann.ask("join", room="lobby")
        assert served.node.moderation.active() == []
        capsys.readouterr()
        assert await run(served, environment, "topic", "lobby", "x" * 251) == moderate.FAILED
        assert "250 are allowed" in capsys.readouterr().err


async def test_a_message_is_erased_and_the_end_is_awaited(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with serving(api_key=KEY) as served:
        ann, _ = await served.joined("Ann")
        sent = await ann.ask("send", room="lobby", text="a secret")
        arguments = ("--room", "lobby", "--message", str(sent["offset"]), "--reason", "asked for")
        assert await run(served, environment, "erase", *arguments) == 0
        status = json.loads(capsys.readouterr().out)
        assert (status["state"], status["done"]) == ("done", {"rooms": 1, "entries": 1})
        assert (await ann.event("change"))["target"] == sent["offset"]
        old = ("--room", "lobby", "--older-than-days", "1", "--reason", "x")
        assert await run(served, environment, "erase", *old) == 0
        assert json.loads(capsys.readouterr().out)["done"] == {"rooms": 1, "entries": 0}
        assert await run(served, environment, "erase", "--reason", "x") == moderate.FAILED
        assert "Nothing is selected" in capsys.readouterr().err


def test_without_a_key_or_a_node_the_reason_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert moderate.main(["list"]) == moderate.USAGE
    assert "HUBBUB_API_KEY is not set" in capsys.readouterr().err
    monkeypatch.setenv("HUBBUB_API_KEY", KEY)
    monkeypatch.setenv("HUBBUB_PORT", "1")
    assert moderate.main(["list"]) == moderate.FAILED
    assert "no answer from the node" in capsys.readouterr().err
    monkeypatch.setenv("HUBBUB_PORT", "x")
    assert moderate.main(["list"]) == moderate.USAGE


@pytest.mark.parametrize("targets", [[], ["u1", "--address", "192.0.2.1"]])
def test_a_ban_names_one_target(targets: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        moderate.main(["ban", *targets, "--reason", "x"])
    assert "--address" in capsys.readouterr().err
