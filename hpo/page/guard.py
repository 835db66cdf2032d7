"""Who may read the live page: what a request has to look like before anything of a study is sent."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")

METHODS = ("GET", "HEAD")

MOST_PARAMETERS = 100

HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Stand in every answer, that of an error too."""


class Ruling(NamedTuple):
    """What becomes of a request.

    Attributes:
        status: the status to answer with; 200 to let it pass.
        text: what to say.
        cookie: the `Set-Cookie` header of a request whose token was right. It is sent on to the same address
            without the token.
    """

    status: int
    text: str = ""
    cookie: str | None = None


PASS = Ruling(200)


@dataclass(frozen=True)
class Guard:
    """The rules for all requests.

    Only reading is asked for, by GET or HEAD. The `Host` has to be a name of this server. That keeps out
    pages of other sites whose names were made to lead here (DNS rebinding). A request that a page of another
    site makes is refused by its `Origin` or `Sec-Fetch-Site`. Both hold on loopback too.

    Where others than the users of this machine can reach the server, the token is demanded: in the address
    that was printed (`?token=`), which is answered with a cookie and the same address without the token, or
    in the header `Authorization: Bearer`. It is compared in constant time. The cookie holds another secret,
    is `HttpOnly` and `SameSite=Strict`, and is `Secure` unless the server was told to do without TLS.

    Attributes:
        names: the names and addresses by which the server may be called, in small letters.
        any_address: whether it may be called by any address in numbers, which no other site can own.
        token: what is demanded; None for nothing.
        is_secure: whether browsers are to send the cookie over TLS only.
        port: tells apart the cookies of several servers of one host.
    """

    names: Collection[str]
    any_address: bool = False
    token: str | None = field(default=None, repr=False)
    is_secure: bool = True
    port: int = 0
    _session: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    def judge(self, method: str, headers: Mapping[str, list[str]], query: str) -> Ruling:
        """What becomes of a request.

        Args:
            method: its method.
            headers: for each header, by its name in small letters, all its values.
            query: what stands behind the question mark of its address.
        """
        if method not in METHODS:
            return Ruling(405, "This page is only read: its methods are GET and HEAD.")
        hosts = headers.get("host", [])
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            return Ruling(
                403,
                f"This server does not go by the name {', '.join(hosts)[:100]!r}. If it should, start it "
                "with hpo serve --allow-host NAME.",
            )
        if _is_foreign(headers, hosts[0]):
            return Ruling(403, "A page of another site asked for this one, which is not answered.")
        return PASS if self.token is None else self._judge_token(headers, query)

    def _is_ours(self, host: str) -> bool:
        name = _name_of(host)
        return name is not None and (name in self.names or (self.any_address and _is_address(name)))

    def _judge_token(self, headers: Mapping[str, list[str]], query: str) -> Ruling:
        given = [value for name, value in parameters(query) if name == "token"]
        if given:
            is_right = _same(given[-1], self.token or "")
            return Ruling(200, cookie=self._cookie()) if is_right else Ruling(401, _UNKNOWN)
        kind, _, bearer = headers.get("authorization", [""])[0].partition(" ")
        if kind.lower() == "bearer" and _same(bearer.strip(), self.token or ""):
            return PASS
        sessions = _cookies(headers, self._cookie_name)
        return PASS if any(_same(each, self._session) for each in sessions) else Ruling(401, _UNKNOWN)

    @property
    def _cookie_name(self) -> str:
        # With this prefix browsers take it from no other host, and over TLS only.
        return f"{'__Host-' if self.is_secure else ''}hpo-{self.port}"

    def _cookie(self) -> str:
        secure = "; Secure" if self.is_secure else ""
        return f"{self._cookie_name}={self._session}; Path=/; HttpOnly; SameSite=Strict{secure}"


_UNKNOWN = (
    "This page wants the token of its server. Open the address that `hpo serve` printed when it started, "
    "with the token in it."
)


def _same(one: str, other: str) -> bool:
    # Of texts of one length, so that the time tells nothing of the secret's own either.
    digests = (hashlib.sha256(each.encode("utf-8", "surrogatepass")).digest() for each in (one, other))
    return hmac.compare_digest(*digests)


def _is_foreign(headers: Mapping[str, list[str]], host: str) -> bool:
    """Whether a page of another site makes the request, or shows its answer inside itself."""
    if any(origin.partition("://")[2].lower() != host.lower() for origin in headers.get("origin", [])):
        return True
    site = headers.get("sec-fetch-site", ["none"])[0]
    if site in ("same-origin", "none"):
        return False
    # A link to the page may be followed from anywhere; that tells the other site nothing.
    mode, place = (headers.get(name, [""])[0] for name in ("sec-fetch-mode", "sec-fetch-dest"))
    return (mode, place) != ("navigate", "document")


def _name_of(host: str) -> str | None:
    """The name or address in a `Host` header, without its port; None if it has none."""
    try:
        parts = urlsplit(f"//{host}")
        parts.port  # noqa: B018  # raises where it is no number
    except ValueError:
        return None
    return parts.hostname.rstrip(".") if parts.netloc == host and "@" not in host and parts.hostname else None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _cookies(headers: Mapping[str, list[str]], name: str) -> list[str]:
    found = []
    for line in headers.get("cookie", []):
        cookies: SimpleCookie = SimpleCookie()
        try:
            cookies.load(line)
        except CookieError:
            continue
        found += [cookies[name].value] if name in cookies else []
    return found


def parameters(query: str) -> list[tuple[str, str]]:
    """The names and values in the query of an address; none of one with too many."""
    try:
        return parse_qsl(query, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        return []


def own_names() -> set[str]:
    """The names by which other computers may know this one."""
    name = socket.gethostname().lower()
    return {name, name.partition(".")[0], f"{name.partition('.')[0]}.local"}
