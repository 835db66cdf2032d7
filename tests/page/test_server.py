"""The live page from outside: who is answered, with what, and that nothing is written."""

from __future__ import annotations

import http.client
import signal
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

import hpo
from tests.page.live import COMMAND, Server, add_studies, serving

SPACE = {"x": hpo.Float(0, 1), "y": hpo.Float(0, 1)}
TOKEN_OPTIONS = ("--allow-host", "hpo.example.org")


def search(path: Path, name: str = "first", num_trials: int = 4) -> None:
    hpo.search(lambda c: c["x"], SPACE, num_trials=num_trials, seed=0, storage=path, name=name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("served")
    search(place / "study.db")
    return place


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with serving(folder / "study.db") as started:
        yield started


@pytest.fixture(scope="module")
def with_token(folder: Path) -> Iterator[Server]:
    with serving(folder / "study.db", *TOKEN_OPTIONS) as started:
        yield started


def test_the_page_has_the_study_in_it(server: Server) -> None:
    answer = server.get()
    [change] = answer.document["changes"]
    assert (answer.status, change["head"]["name"], len(change["trials"])) == (200, "first", 4)
    assert answer.document["live"] is True
    assert (server.token, len(server.said)) == (None, 2)


def test_the_analysis_comes_as_soon_as_it_is_there(server: Server) -> None:
    with server.events() as events:
        known = events.until(lambda known: any("analysis" in study for study in known.values()))
    assert "hints" in next(iter(known.values()))["analysis"]


@pytest.mark.parametrize("path", ["/", "/events", "/favicon.ico", "/nothing", "/../study.db"])
def test_every_answer_keeps_other_sites_and_caches_out(server: Server, path: str) -> None:
    headers = server.get(path, method="HEAD").headers
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert (headers["Referrer-Policy"], headers["X-Frame-Options"]) == ("no-referrer", "DENY")
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "Server" not in headers


def test_the_policy_of_the_header_is_that_of_the_page(server: Server) -> None:
    answer = server.get()
    policy = answer.headers["Content-Security-Policy"].removesuffix("; frame-ancestors 'none'")
    assert policy.replace("'", "&#x27;") in answer.text
    assert "connect-src 'self'" in policy


@pytest.mark.parametrize("path", ["/nothing", "/study.db", "/../study.db", "//example.org", "/events/1"])
def test_there_is_nothing_else(server: Server, path: str) -> None:
    answer = server.get(path)
    assert (answer.status, answer.text) == (404, "There is nothing here. The page is at /.\n")


def test_a_study_that_is_not_there_is_said_with_those_that_are(server: Server) -> None:
    answer = server.get("/?study=second")
    assert (answer.status, answer.text) == (
        404,
        "There is no study 'second' here. The studies here: 'first'.\n",
    )


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_it_is_only_read(server: Server, method: str) -> None:
    answer = server.get(method=method)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "LOCALHOST:8765", "[::1]:8765", "localhost."])
def test_it_goes_by_the_names_of_this_machine_alone(server: Server, host: str) -> None:
    assert server.get(Host=host).status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.2", "localhost@evil.example", "", "a:b:c", "[::1"],
)
@pytest.mark.parametrize("path", ["/", "/events"])
def test_another_name_that_leads_here_is_refused(server: Server, host: str, path: str) -> None:
    answer = server.get(path, Host=host)
    assert (answer.status, answer.text.partition(" by the name")[0]) == (403, "This server does not go")
    assert "--allow-host NAME" in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors", "Sec_Fetch_Dest": "script"},
        {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "cors", "Sec_Fetch_Dest": "empty"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "iframe"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/events"])
def test_a_page_of_another_site_gets_nothing(server: Server, headers: dict[str, str], path: str) -> None:
    answer = server.get(path, **headers)
    assert (answer.status, answer.text) == (
        403,
        "A page of another site asked for this one, which is not answered.\n",
    )


def test_its_own_page_and_links_to_it_are_answered(server: Server) -> None:
    own = f"127.0.0.1:{server.port}"
    assert server.get(Host=own, Origin=f"http://{own}", Sec_Fetch_Site="same-origin").status == 200
    link = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    assert server.get(**link).status == 200


@pytest.mark.parametrize("path", ["/", "/events", "/?token=", "/?token=wrong", "/nothing", "/favicon.ico"])
def test_without_the_token_there_is_nothing(with_token: Server, path: str) -> None:
    answer = with_token.get(path)
    assert (answer.status, answer.headers["Set-Cookie"]) == (401, None)
    assert answer.text.startswith(
        "This page wants the token of its server. Open the address that `hpo serve`"
    )
    assert with_token.get(path, Cookie=f"__Host-hpo-{with_token.port}=guessed").status == 401
    assert with_token.get(path, Authorization="Bearer guessed").status == 401


def test_the_token_in_the_address_is_exchanged_for_a_cookie(with_token: Server) -> None:
    first = with_token.get(f"/?token={with_token.token}&study=first")
    cookie = first.headers["Set-Cookie"]
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Strict; Secure")
    assert cookie.startswith(f"__Host-hpo-{with_token.port}=")
    # No redirect, after which a browser that came from another site's link would send no Strict cookie.
    assert 'http-equiv="refresh" content="0; url=/?study=first"' in first.text
    assert with_token.token is not None
    assert with_token.token not in first.text + cookie
    pair = cookie.partition(";")[0]
    second = with_token.get("/?study=first", Cookie=f"other=1; {pair}")
    assert second.document["changes"][0]["label"] == "first"


def test_a_program_may_send_the_token_in_a_header(with_token: Server) -> None:
    assert with_token.get(Authorization=f"Bearer {with_token.token}").status == 200
    assert with_token.get("/events", method="HEAD", Authorization=f"Bearer {with_token.token}").status == 200


def test_the_token_is_said_once(with_token: Server) -> None:
    assert with_token.token is not None
    assert len(with_token.token) >= 43
    assert "".join(with_token.said).count(with_token.token) == 1
    assert "the token in it, which is not shown again" in "".join(with_token.said)


def test_a_token_does_not_open_another_name(with_token: Server) -> None:
    answer = with_token.get(f"/?token={with_token.token}", Host="evil.example")
    assert (answer.status, answer.headers["Set-Cookie"]) == (403, None)
    assert with_token.get(Host="hpo.example.org", Authorization=f"Bearer {with_token.token}").status == 200


def test_in_a_trusted_network_it_does_without_tls_and_still_demands_the_token(folder: Path) -> None:
    with serving(folder / "study.db", "--host", "0.0.0.0", "--plain-http") as server:
        assert server.get().status == 401
        cookie = server.get(f"/?token={server.token}").headers["Set-Cookie"]
        assert cookie.endswith("; HttpOnly; SameSite=Strict")
        # An address in numbers belongs to no other site; a name may.
        assert server.get(Host="192.0.2.1", Cookie=cookie.partition(";")[0]).status == 200
        assert server.get(Host="evil.example", Cookie=cookie.partition(";")[0]).status == 403
    assert "Without TLS, whatever is on the way can read the token" in "".join(server.said)


def refused(*arguments: str) -> str:
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2
    return done.stderr


def test_beyond_loopback_it_wants_tls(folder: Path) -> None:
    said = refused(str(folder / "study.db"), "--host", "0.0.0.0")
    assert said.startswith("Error: At 0.0.0.0 others on the network can reach the page, and without TLS")
    assert "--certificate and --key" in said
    assert "ssh -L" in said
    assert "--plain-http" in said


def test_a_certificate_that_cannot_be_used_is_refused(folder: Path) -> None:
    (folder / "no.pem").write_text("no certificate")
    said = refused(str(folder / "study.db"), "--certificate", str(folder / "no.pem"))
    assert "no.pem and its key cannot be used: " in said
    said = refused(str(folder / "study.db"), "--key", str(folder / "no.pem"))
    assert said.endswith("no.pem is of no use without its certificate: give --certificate, too.\n")
    (folder / "no.pem").unlink()


def test_what_cannot_be_served_is_refused(folder: Path, server: Server) -> None:
    assert "There is no storage " in refused(str(folder / "other.db"))
    (folder / "text.txt").write_text("text")
    assert "text.txt is no SQLite database" in refused(str(folder / "text.txt"))
    (folder / "text.txt").unlink()
    said = refused(str(folder / "study.db"), "--host", "nowhere.invalid")
    assert "The host 'nowhere.invalid' is not known" in said
    said = refused(str(folder / "study.db"), "--port", str(server.port))
    assert (
        f"cannot be served at port {server.port} of 127.0.0.1: Address already in use. Give another" in said
    )


def test_without_the_extra_it_says_what_to_install(folder: Path) -> None:
    program = "import sys; sys.modules['uvicorn'] = None; from hpo.cli.entry import main; main()"
    command = [COMMAND[0], "-c", program, "serve", str(folder / "study.db")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, 'pip install "polyhpo[page]"' in done.stderr) == (2, True)


def test_ctrl_c_ends_it_with_streams_open(folder: Path) -> None:
    with serving(folder / "study.db") as server, server.events() as events:
        events.change()
        assert server.end() == "The page has ended.\n"
        assert server.process.returncode == 0
        # The stream has an end, and not only silence.
        assert events.got.readlines()[-1:] in ([], [b"\n"])


def test_another_signal_ends_it_too(folder: Path) -> None:
    with serving(folder / "study.db") as server, server.events():
        server.process.send_signal(signal.SIGTERM)
        said, _ = server.process.communicate(timeout=60)
        assert (said, server.process.returncode) == ("", -signal.SIGTERM)


def test_nothing_is_written(folder: Path) -> None:
    def found() -> dict[str, tuple[bytes, int]]:
        # In the shared memory beside a database its readers note that they read.
        paths = [path for path in folder.iterdir() if not path.name.endswith("-shm")]
        return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}

    before = found()
    with serving(folder) as server:
        with server.events() as events:
            events.until(lambda known: any("analysis" in study for study in known.values()))
        server.get()
        server.end()
    assert found() == before


def test_names_are_text_and_lead_to_their_studies(tmp_path: Path) -> None:
    names = ["</script><script>alert(1)</script>", "a&b=c#d?e/f", "ü \u2028 'quoted'", "study: 2"]
    for name in names:
        search(tmp_path / "study.db", name, num_trials=1)
    with serving(tmp_path / "study.db") as server:
        assert [change["label"] for change in server.get().document["changes"]] == names
        for name in names:
            [change] = server.get(f"/?study={quote(name, safe='')}").document["changes"]
            assert change["head"]["name"] == name
        assert "<script>alert" not in server.get().text


def test_many_studies_are_listed_first(tmp_path: Path) -> None:
    add_studies(tmp_path / "study.db", 0, 13)
    with serving(tmp_path / "study.db") as server:
        listed = server.get().document
        assert listed["title"] == "13 studies in study.db"
        assert [each["label"] for each in listed["studies"]] == [f"<b>{number}</b>" for number in range(13)]
        assert "<b>12" not in server.get().text


def test_with_a_certificate_it_speaks_tls(folder: Path, tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    files = ["-keyout", str(key), "-out", str(certificate), "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, *files], check=True, capture_output=True)
    options = ("--host", "0.0.0.0", "--certificate", str(certificate), "--key", str(key))
    with serving(folder / "study.db", *options) as server:
        assert "://" in server.said[0]
        assert "https://" in server.said[0]
        assert "Without TLS" not in "".join(server.said)
        trusted = ssl.create_default_context(cafile=certificate)
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=60, context=trusted)
        connection.request("GET", f"/?token={server.token}")
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Set-Cookie"].endswith("; Secure")) == (200, True)
        connection.close()
