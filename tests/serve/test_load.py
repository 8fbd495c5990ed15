"""Under load and abuse: a full queue, time limits, readers that leave or dawdle, and the end."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx
import pytest

from tacotron.serve.service import Speaking

if TYPE_CHECKING:
    from .conftest import Running

Start = Callable[..., "Running"]
WaitUntil = Callable[[Callable[[], bool]], None]

SENTENCE = "Hello there, my friend. "
# About half an hour of speech: far more than the buffers between two sockets hold.
LONG = SENTENCE * 1500
LONG_LIMIT = {"characters": len(LONG), "seconds": 600}


def ask(server: Running, text: str = SENTENCE) -> httpx.Response:
    return httpx.get(f"{server.url}/synthesize", params={"text": text}, timeout=60, trust_env=False)


def connect(server: Running, text: str, path: str = "/v1/audio/speech") -> socket.socket:
    """A client that has asked, and reads only when a test says so."""
    body = json.dumps({"input": text, "text": text, "response_format": "wav"}).encode()
    client = socket.socket()
    client.settimeout(60)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)  # holds little back
    client.connect(("127.0.0.1", server.port))
    client.sendall(
        b"POST %b HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (path.encode(), len(body), body)
    )
    return client


def test_over_the_queue_is_refused_and_what_was_accepted_is_not(start: Start) -> None:
    server = start(queue=3)
    with ThreadPoolExecutor(3) as clients:
        with server.held_workers():
            waiting = [clients.submit(ask, server) for _ in range(3)]
            server.wait_until(lambda: server.service.pool.waiting == 3)
            refused = ask(server)
            assert refused.status_code == 503
            assert 1 <= int(refused.headers["retry-after"]) <= 60
            assert refused.json()["error"]["code"] == "busy"
            # Whoever watches the server is answered.
            health = httpx.get(f"{server.url}/health", trust_env=False)
            assert health.status_code == 200
            assert server.metric("tacotron_queue") == 3
        assert [each.result().status_code for each in waiting] == [200, 200, 200]
    assert server.metric("tacotron_refused_total") == 1


def test_at_most_so_many_are_open(start: Start) -> None:
    server = start(open_requests=2)
    with ThreadPoolExecutor(2) as clients, server.held_workers():
        waiting = [clients.submit(ask, server) for _ in range(2)]
        server.wait_until(lambda: server.service.pool.open == 2)
        assert ask(server).status_code == 503
    assert [each.result().status_code for each in waiting] == [200, 200]


def test_requests_take_turns(start: Start) -> None:
    """A long text doesn't make a short one wait for its end."""
    server = start(**LONG_LIMIT)
    with connect(server, LONG) as long:
        while b"RIFF" not in long.recv(65536):
            pass
        done = threading.Event()

        def read() -> None:
            while not done.is_set() and long.recv(1 << 20):
                pass

        reader = threading.Thread(target=read)
        reader.start()
        assert ask(server).status_code == 200
        assert server.service.pool.open == 1  # the long one
        done.set()
        reader.join()


@pytest.mark.parametrize("path", ["/page/speak", "/synthesize"])
def test_a_step_is_due_when_all_that_was_sent_is_heard(
    start: Start, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    server = start()
    take, due = server.service.pool.start, []

    def start_step(step: Callable[[], object], when: float) -> Awaitable[object]:
        due.append(when)
        return take(step, when)

    monkeypatch.setattr(server.service.pool, "start", start_step)
    began = time.monotonic()
    answer = httpx.post(
        f"{server.url}{path}", json={"text": SENTENCE * 5}, timeout=60, trust_env=False
    )
    assert answer.status_code == 200
    assert began <= due[0] <= time.monotonic()
    if path == "/synthesize":  # a whole file: nothing is sent before the end
        assert set(due) == {due[0]}
    else:
        *due, last = due  # whose only work is to say that it was the last
        assert due == sorted(due)
        assert due[-1] - due[0] >= server.metric("tacotron_audio_seconds_total") > 5 * 0.5
        assert last == due[0]


def test_the_time_limit_ends_a_request_that_waits(start: Start) -> None:
    server = start(seconds=0.2)
    with server.held_workers():
        refused = ask(server)
    assert refused.status_code == 503
    assert refused.json()["error"]["code"] == "timeout"
    assert server.service.pool.open == 0


def test_the_time_limit_ends_a_request_that_is_spoken(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Audio has no end then, which tells a client that something is missing; the page is told."""
    # As if what was sent had been heard: there are minutes of it.
    monkeypatch.setattr(Speaking, "due", lambda speaking: speaking.began)
    server = start(characters=len(LONG), seconds=4)
    with connect(server, LONG) as audio, connect(server, LONG, "/page/speak") as page:
        answers = [b"", b""]
        for number, (client, sign) in enumerate(((audio, b"RIFF"), (page, b'"chunk"'))):
            while sign not in answers[number]:
                answers[number] += client.recv(65536)
        with server.held_workers():
            server.wait_until(lambda: server.service.pool.open == 0)
        for number, client in enumerate((audio, page)):
            client.settimeout(1)
            with suppress(TimeoutError):  # the page's connection is kept
                while data := client.recv(65536):
                    answers[number] += data
    assert not answers[0].endswith(b"0\r\n\r\n")
    assert answers[1].endswith(b"0\r\n\r\n")
    assert b'{"type": "error", "message": "The request took longer' in answers[1]


def test_who_leaves_the_queue_is_not_spoken_to(start: Start) -> None:
    server = start()
    with server.held_workers():
        client = connect(server, SENTENCE)
        server.wait_until(lambda: server.service.pool.waiting == 1)
        client.close()
        server.wait_until(lambda: server.service.pool.waiting == 0)
    server.wait_until(lambda: server.service.pool.open == 0)
    assert server.metric("tacotron_audio_seconds_total") == 0


def test_who_leaves_amid_the_speech_ends_it(start: Start) -> None:
    server = start(**LONG_LIMIT)
    client = connect(server, LONG)
    while b"RIFF" not in client.recv(65536):
        pass
    client.close()
    server.wait_until(lambda: server.service.pool.open == 0)
    server.wait_until(lambda: server.metric("tacotron_audio_seconds_total") > 0)
    assert server.metric("tacotron_audio_seconds_total") < 900
    # Nothing goes on behind.
    assert server.service.pool.computing == 0
    assert ask(server).status_code == 200


def test_a_slow_reader_holds_no_worker_and_little_memory(start: Start) -> None:
    server = start(**LONG_LIMIT)
    with connect(server, LONG) as slow:
        head = slow.recv(1024)
        assert b"200 OK" in head
        pool = server.service.pool

        def stalled() -> bool:
            for _ in range(20):
                if pool.computing or pool.waiting:
                    return False
                time.sleep(0.01)
            return True

        server.wait_until(stalled)
        assert pool.open == 1
        # The only worker is free for others, and goes on when there is room again.
        assert ask(server).status_code == 200
        received = len(head)
        while received < 8 << 20:  # more than the buffers on the way held
            received += len(slow.recv(1 << 20))
        assert pool.open == 1


def test_a_reader_that_stops_is_let_go(start: Start) -> None:
    server = start(**LONG_LIMIT, stall_seconds=0.3)
    with connect(server, LONG) as stopped:
        assert b"200 OK" in stopped.recv(1024)
        server.wait_until(lambda: server.service.pool.open == 0)
        received = 0
        while data := stopped.recv(1 << 20):  # what was on its way, and then the end
            received += len(data)
    assert received < 1500 * 22_050


def test_shutting_down_finishes_what_was_accepted(start: Start) -> None:
    server = start()
    with ThreadPoolExecutor(2) as clients:
        with server.held_workers():
            waiting = clients.submit(ask, server)
            server.wait_until(lambda: server.service.pool.waiting == 1)
            kept = httpx.Client(base_url=server.url, trust_env=False)
            server.server.should_exit = True
            server.wait_until(lambda: server.service.pool.stopping)
            with kept, pytest.raises(httpx.ConnectError):
                server.wait_until(lambda: kept.get("/health").status_code == 0)
        assert waiting.result().status_code == 200
        assert waiting.result().content[:4] == b"RIFF"
    server.thread.join(60)
    assert not server.thread.is_alive()


def test_shutting_down_ends_at_its_limit(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    """Who waits is told so; who listens lacks the end; the log has no traceback."""
    caplog.set_level(logging.INFO)
    server = start(**LONG_LIMIT, shutdown_seconds=1)
    with connect(server, LONG) as listening, ThreadPoolExecutor(1) as clients:
        assert b"200 OK" in listening.recv(1024)
        with server.held_workers():
            waiting = clients.submit(ask, server)
            server.wait_until(lambda: server.service.pool.open == 2)
            server.server.should_exit = True
            assert waiting.result().status_code == 503
            assert waiting.result().json()["error"]["code"] == "stopping"
            end = b""
            with suppress(ConnectionError):
                while data := listening.recv(1 << 20):
                    end = data
            assert not end.endswith(b"0\r\n\r\n")
    server.thread.join(60)
    assert not server.thread.is_alive()
    assert "cut off by the shutdown" in caplog.text
    assert "Traceback" not in caplog.text


def test_a_pool_that_stops_refuses(start: Start) -> None:
    server = start()
    server.service.pool.stop()
    refused = ask(server)
    assert refused.status_code == 503
    assert refused.json()["error"]["code"] == "stopping"
    ready = httpx.get(f"{server.url}/ready", trust_env=False)
    assert ready.status_code == 503


def test_the_key_is_asked_for(start: Start) -> None:
    server = start(api_key="open sesame")
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        for path in ("/", "/voices", "/metrics", "/docs", "/openapi.json", "/static/page.css"):
            assert client.get(path).status_code == 401
            assert client.get(path).headers["www-authenticate"].startswith("Basic")
        for wrong in ("Bearer", "Bearer open", "Basic !", "Basic b3BlbiBzZXNhbWU=", "nonsense"):
            assert client.get("/voices", headers={"Authorization": wrong}).status_code == 401
        assert client.get("/voices", auth=("anyone", "open sesame")).status_code == 200
        bearer = {"Authorization": "Bearer open sesame"}
        assert client.get("/voices", headers=bearer).status_code == 200
        assert client.post("/v1/audio/speech", json={"input": "hi"}).status_code == 401
        assert client.get("/health").status_code == 200
        assert client.get("/ready").status_code == 200


def test_origins_are_allowed_when_asked(start: Start) -> None:
    server = start(cors=("https://chat.example",), api_key="key")
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        preflight = client.options(
            "/v1/audio/speech",
            headers={
                "Origin": "https://chat.example",
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization,content-type",
            },
        )
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == "https://chat.example"
        other = client.get("/voices", headers={"Origin": "https://else.example"})
        assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize("asked", [False, True])
def test_the_log_holds_text_only_when_asked(
    start: Start, caplog: pytest.LogCaptureFixture, asked: bool
) -> None:
    server = start(log_text=asked)
    caplog.set_level(logging.DEBUG)
    secret = "Marmalade"
    with httpx.Client(base_url=server.url, trust_env=False, timeout=60) as client:
        for _ in range(2):  # the second time, what was cached is logged
            client.get("/synthesize", params={"text": secret})
            client.post("/synthesize", json={"text": secret})
            client.post("/v1/audio/speech", json={"input": secret, "voice": secret})
            client.post("/page/speak", json={"text": f"{secret} {{{secret}}}"})
            client.get(f"/{secret}", params={"text": secret})
            client.post("/synthesize", content=secret)
    ours = [record for record in caplog.records if not record.name.startswith("http")]
    assert any("/synthesize 200" in record.getMessage() for record in ours)
    assert any(secret in record.getMessage() for record in ours) == asked
    assert all(secret not in str(record.exc_info) for record in ours)
