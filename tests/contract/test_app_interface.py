"""The app's interface as a visitor sees it: each row of the contract, on whatever answers at `url`.

All that is written carries a name of its own run, so these tests do no harm on a lab that others use.
"""

import hashlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

NAME = re.compile(r"(?!\.)[A-Za-z0-9._-]{1,100}")
MIB = 1024 * 1024
REPEATS = 5


@pytest.fixture
def visitor(url: str) -> Iterator[httpx.Client]:
    """A visitor with cookies of their own."""
    with httpx.Client(base_url=url, timeout=20, verify=False) as client:  # plain HTTP; loading certificates takes 50 ms
        yield client


def own(what: str) -> str:
    return f"{what}-{uuid4().hex}"


def post(visitor: httpx.Client, text: object, key: str | None = None) -> httpx.Response:
    return visitor.post("/entries", json={"text": text}, headers={"Idempotency-Key": key or own("key")})


def assert_refused(answer: httpx.Response, status: int) -> None:
    """The answer is an error as the contract has it: status, and what is wrong and how to mend it."""
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert set(told) == {"error", "mend"}
    assert all(isinstance(words, str) and words for words in told.values())


class TestEntries:
    def test_a_posted_entry_is_read_back(self, visitor: httpx.Client) -> None:
        key, text = own("key"), 'plain, "quoted", <b>, ünïcödé 🦉\n\ttabbed'
        posted = post(visitor, text, key)
        assert posted.status_code == 201
        entry = posted.json()
        assert entry == {"id": entry["id"], "key": key, "text": text, "worker": posted.headers["X-Worker"]}
        assert visitor.get(f"/entries/{entry['id']}").json() == {"id": entry["id"], "key": key, "text": text}

    def test_the_same_key_and_text_give_the_same_entry(self, visitor: httpx.Client) -> None:
        key = own("key")
        first, again = post(visitor, "once", key), post(visitor, "once", key)
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.json()["id"] == first.json()["id"]

    def test_the_same_key_sent_by_many_at_once_is_written_once(self, url: str, visitor: httpx.Client) -> None:
        key = own("key")
        visitor.get("/whoami")  # in stateful mode the cookie that binds to one worker
        jar = dict(visitor.cookies)

        def send(_: int) -> httpx.Response:
            with httpx.Client(base_url=url, timeout=60, verify=False, cookies=jar) as alone:
                for _ in range(REPEATS):
                    # 503 says: try again, with the same key. A worker of few connections may be that busy.
                    if (answer := post(alone, "x", key)).status_code != 503:
                        break
                return answer

        with ThreadPoolExecutor(8) as crowd:
            answers = list(crowd.map(send, range(16)))
        assert [answer.status_code for answer in answers] == [201] * 16, [answer.text for answer in answers]
        assert len({answer.json()["id"] for answer in answers}) == 1

    def test_the_same_key_with_another_text_is_refused(self, visitor: httpx.Client) -> None:
        key = own("key")
        entry = post(visitor, "first", key).json()
        assert_refused(post(visitor, "second", key), 422)
        assert visitor.get(f"/entries/{entry['id']}").json()["text"] == "first"

    def test_an_entry_without_key_is_refused(self, visitor: httpx.Client) -> None:
        assert_refused(visitor.post("/entries", json={"text": "hello"}), 400)

    @pytest.mark.parametrize("key", ["", "two words", "x" * 201, "\xe4"])
    def test_an_unusable_key_is_refused(self, visitor: httpx.Client, key: str) -> None:
        headers = [(b"Idempotency-Key", key.encode("latin-1"))]
        assert_refused(visitor.post("/entries", json={"text": "hello"}, headers=headers), 400)

    @pytest.mark.parametrize("text", ["x" * 4096, "\u00e9" * 2048, "\x01" * 4096, ""], ids=len)
    def test_a_text_of_at_most_4_kib_is_taken(self, visitor: httpx.Client, text: str) -> None:
        assert post(visitor, text).json()["text"] == text

    @pytest.mark.parametrize("text", ["x" * 4097, "\u00e9" * 2049, "x" * 200_000], ids=len)
    def test_a_text_above_4_kib_is_too_large(self, visitor: httpx.Client, text: str) -> None:
        assert_refused(post(visitor, text), 413)

    @pytest.mark.parametrize("text", [None, 7, True, ["a"], {"a": "b"}, "a\0b"])
    def test_what_is_no_text_is_refused(self, visitor: httpx.Client, text: object) -> None:
        assert_refused(post(visitor, text), 400)

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"[]", b'"text"', b"null", b"\xff\xfe", b"text=hey", b"{}", b'{"text": "\\ud800"}', b"[" * 50_000],
        ids=lambda body: repr(body[:12]),
    )
    def test_what_is_no_json_object_with_a_text_is_refused(self, visitor: httpx.Client, body: bytes) -> None:
        assert_refused(visitor.post("/entries", content=body, headers={"Idempotency-Key": own("key")}), 400)

    @pytest.mark.parametrize("entry_id", ["0", "9000000000000000000", "9" * 40, "-1", "abc"])
    def test_a_missing_entry_is_not_found(self, visitor: httpx.Client, entry_id: str) -> None:
        assert_refused(visitor.get(f"/entries/{entry_id}"), 404)

    def test_pages_lead_to_each_entry_once_and_in_order(self, visitor: httpx.Client) -> None:
        mine = [post(visitor, f"number {n}").json()["id"] for n in range(7)]
        found: list[int] = []
        after: int | None = mine[0] - 1
        while after is not None:
            page: dict[str, Any] = visitor.get("/entries", params={"after": after, "limit": 3}).json()
            assert set(page) == {"entries", "next"}
            assert all(set(entry) == {"id", "key", "text"} for entry in page["entries"])
            ids = [entry["id"] for entry in page["entries"]]
            assert 1 <= len(ids) <= 3
            assert page["next"] in (None, ids[-1])
            found += ids
            after = page["next"]
        assert found == sorted(set(found))
        assert set(mine) <= set(found)

    def test_after_the_last_entry_there_is_nothing(self, visitor: httpx.Client) -> None:
        assert visitor.get("/entries", params={"after": 2**62}).json() == {"entries": [], "next": None}

    def test_a_page_of_1000_can_be_asked_for(self, visitor: httpx.Client) -> None:
        assert visitor.get("/entries", params={"limit": 1000}).status_code == 200

    @pytest.mark.parametrize(
        "query", ["limit=1001", "limit=0", "limit=x", "limit=", "after=-1", "after=.5", "after=1_"]
    )
    def test_a_wrong_page_is_refused(self, visitor: httpx.Client, query: str) -> None:
        assert_refused(visitor.get(f"/entries?{query}"), 400)


class TestFiles:
    @pytest.mark.parametrize("size", [0, 1, 70_000, MIB])
    def test_a_file_comes_back_as_it_was_sent(self, visitor: httpx.Client, size: int) -> None:
        name, content = own("file"), (b"0123456789abcdef" * (MIB // 16))[:size]
        put = visitor.put(f"/files/{name}", content=content)
        about = {"name": name, "size": size, "sha256": hashlib.sha256(content).hexdigest()}
        assert put.status_code == 201
        assert put.json() == about | {"worker": put.headers["X-Worker"]}
        assert visitor.get(f"/files/{name}").content == content
        assert about in visitor.get("/files").json()["files"]
        assert visitor.delete(f"/files/{name}").status_code == 204

    def test_a_file_sent_in_chunks_is_taken(self, visitor: httpx.Client) -> None:
        name = own("file")
        assert visitor.put(f"/files/{name}", content=iter([b"one ", b"two"])).json()["size"] == 7
        assert visitor.get(f"/files/{name}").content == b"one two"
        visitor.delete(f"/files/{name}")

    def test_a_file_sent_again_replaces_the_first(self, visitor: httpx.Client) -> None:
        name = own("file")
        for content in (b"the first, longer", b"second"):
            assert visitor.put(f"/files/{name}", content=content).status_code == 201
        assert visitor.get(f"/files/{name}").content == b"second"
        listed = [file for file in visitor.get("/files").json()["files"] if file["name"] == name]
        assert listed == [{"name": name, "size": 6, "sha256": hashlib.sha256(b"second").hexdigest()}]
        visitor.delete(f"/files/{name}")

    def test_a_deleted_file_is_gone(self, visitor: httpx.Client) -> None:
        name = own("file")
        visitor.put(f"/files/{name}", content=b"x")
        deleted = visitor.delete(f"/files/{name}")
        assert (deleted.status_code, deleted.content) == (204, b"")
        assert_refused(visitor.get(f"/files/{name}"), 404)
        assert_refused(visitor.delete(f"/files/{name}"), 404)
        assert name not in {file["name"] for file in visitor.get("/files").json()["files"]}

    def test_a_file_above_1_mib_is_too_large(self, visitor: httpx.Client) -> None:
        name = own("file")
        assert_refused(visitor.put(f"/files/{name}", content=b"x" * (MIB + 1)), 413)
        assert_refused(visitor.get(f"/files/{name}"), 404)

    @pytest.mark.parametrize("name", [".hidden", "a b", "x" * 101, "%C3%A4", "a/b", "a%2Fb", "..%2Fup", "%00"])
    @pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
    def test_what_is_no_file_name_is_refused(self, visitor: httpx.Client, name: str, method: str) -> None:
        assert_refused(visitor.request(method, f"/files/{name}"), 400)

    def test_only_names_that_can_be_asked_for_are_listed(self, visitor: httpx.Client) -> None:
        listed = visitor.get("/files").json()
        assert set(listed) == {"files"}
        assert all(NAME.fullmatch(file["name"]) for file in listed["files"])


class TestSessions:
    def test_a_session_lasts_from_login_to_logout(self, visitor: httpx.Client) -> None:
        user = own("Zoë")[:64]
        login = visitor.post("/login", json={"user": user})
        assert (login.status_code, login.json()) == (200, {"user": user})
        for _ in range(4):  # whichever worker answers
            me = visitor.get("/me")
            assert (me.status_code, me.json()) == (200, {"user": user})
        token = visitor.cookies["lab_session"]
        assert visitor.post("/logout").status_code == 204
        assert "lab_session" not in visitor.cookies
        assert_refused(visitor.get("/me", headers={"Cookie": f"lab_session={token}"}), 401)

    def test_the_cookie_is_long_random_and_closed_to_scripts(self, visitor: httpx.Client) -> None:
        cookies = [visitor.post("/login", json={"user": "same"}).headers["Set-Cookie"] for _ in range(2)]
        values = {re.match(r"lab_session=([A-Za-z0-9_-]{43,});", cookie) for cookie in cookies}
        assert None not in values
        assert len({value[1] for value in values if value}) == 2
        assert all("HttpOnly" in cookie and "SameSite=Lax" in cookie for cookie in cookies)

    @pytest.mark.parametrize("cookie", ["", "lab_session=", "lab_session=made-up", "lab_session=%FF"])
    def test_without_a_session_nobody_is_logged_in(self, visitor: httpx.Client, cookie: str) -> None:
        assert_refused(visitor.get("/me", headers={"Cookie": cookie}), 401)
        assert_refused(visitor.post("/logout", headers={"Cookie": cookie}), 401)

    @pytest.mark.parametrize("user", ["", "x" * 65, None, 7, ["a"], "a\0"])
    def test_a_wrong_user_is_refused(self, visitor: httpx.Client, user: object) -> None:
        answer = visitor.post("/login", json={"user": user})
        assert_refused(answer, 400)
        assert "Set-Cookie" not in answer.headers or "lab_session" not in answer.headers["Set-Cookie"]


class TestWork:
    def test_work_waits_and_burns_as_long_as_asked(self, visitor: httpx.Client) -> None:
        answer = visitor.get("/work", params={"cpu_ms": 100, "wait_ms": 200})
        assert answer.status_code == 200
        assert answer.elapsed.total_seconds() >= 0.3

    def test_no_work_is_fine_too(self, visitor: httpx.Client) -> None:
        assert visitor.get("/work").status_code == 200

    @pytest.mark.parametrize("query", ["cpu_ms=2001", "wait_ms=2001", "cpu_ms=-1", "wait_ms=.5", "cpu_ms=x", "cpu_ms="])
    def test_more_work_than_allowed_is_refused(self, visitor: httpx.Client, query: str) -> None:
        assert_refused(visitor.get(f"/work?{query}"), 400)


class TestWorker:
    def test_a_worker_tells_who_it_is(self, visitor: httpx.Client, mode: str) -> None:
        answer = visitor.get("/whoami")
        told = answer.json()
        assert set(told) == {"worker", "substrate", "mode", "commit", "kernel", "booted_at", "served"}
        assert told["mode"] == mode
        assert (told["worker"], told["commit"]) == (answer.headers["X-Worker"], answer.headers["X-Commit"])
        assert told["commit"]
        assert datetime.fromisoformat(told["booted_at"]).utcoffset() is not None
        assert isinstance(told["served"], int)

    def test_a_worker_with_traffic_is_alive_and_ready(self, visitor: httpx.Client) -> None:
        assert visitor.get("/healthz").status_code == 200
        ready = visitor.get("/readyz")
        assert ready.status_code == 200
        assert ready.json() == {"ready": True, "source": "fetched", "store": "reached", "draining": False}

    def test_the_figures_are_what_prometheus_reads(self, visitor: httpx.Client) -> None:
        answer = visitor.get("/metrics")
        assert answer.headers["Content-Type"].startswith("text/plain")
        for name in ("lab_requests_total{", "lab_request_seconds_bucket{", "lab_requests_in_flight "):
            assert f"\n{name}" in answer.text

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "/nowhere", 404),
            ("GET", "/entries/", 404),
            ("DELETE", "/entries", 405),
            ("POST", "/files", 405),
            ("GET", "/login", 405),
            ("PATCH", "/", 405),
        ],
    )
    def test_what_does_not_exist_is_an_error_like_any_other(
        self, visitor: httpx.Client, method: str, path: str, status: int
    ) -> None:
        answer = visitor.request(method, path)
        assert_refused(answer, status)
        assert {"X-Worker", "X-Commit"} <= {name.title() for name in answer.headers}
        assert ("Allow" in answer.headers) == (status == 405)


class TestPage:
    def test_the_page_tells_who_made_it_and_needs_nothing_from_elsewhere(self, visitor: httpx.Client) -> None:
        page = visitor.get("/")
        assert page.headers["Content-Type"].startswith("text/html")
        assert page.headers["X-Worker"] in page.text
        assert "<script" not in page.text
        assert not re.search(r"""(src|href)=["']?(https?:)?//""", page.text)

    def test_an_entry_from_the_form_is_written_once_and_shown_as_text(self, visitor: httpx.Client) -> None:
        key = re.search(r'name="key" value="([^"]+)"', visitor.get("/").text)
        assert key is not None
        form = {"do": "entry", "key": key[1], "text": own("<script>")}
        for _ in range(2):
            answer = visitor.post("/", data=form)
            assert (answer.status_code, answer.headers["Location"]) == (303, "/")
        assert visitor.get("/").text.count(form["text"].replace("<", "&lt;").replace(">", "&gt;")) == 1

    def test_a_file_from_the_form_is_kept_under_a_name_that_is_allowed(self, visitor: httpx.Client) -> None:
        name = own("file")
        sent = visitor.post("/", data={"do": "file"}, files={"file": (f"..{name} a.txt", b"hello")})
        assert sent.status_code == 303
        assert visitor.get(f"/files/{name}_a.txt").content == b"hello"
        assert visitor.delete(f"/files/{name}_a.txt").status_code == 204

    def test_who_logs_in_by_the_form_is_greeted_until_they_log_out(self, visitor: httpx.Client) -> None:
        user = own("user")
        assert visitor.post("/", data={"do": "login", "user": user}).status_code == 303
        assert user in visitor.get("/").text
        assert visitor.post("/", data={"do": "logout"}).status_code == 303
        assert user not in visitor.get("/").text

    @pytest.mark.parametrize(
        ("form", "status"),
        [
            ({"do": "entry", "text": "no key"}, 400),
            ({"do": "login", "user": ""}, 400),
            ({"do": "file"}, 400),
            ({}, 400),
            ({"do": "entry", "key": "k", "text": "x" * 4097}, 413),
        ],
    )
    def test_a_form_that_cannot_be_done_is_explained_on_the_page(
        self, visitor: httpx.Client, form: dict[str, str], status: int
    ) -> None:
        answer = visitor.post("/", data=form)
        assert answer.status_code == status
        assert "That did not work" in answer.text
