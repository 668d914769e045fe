"""POST requests to a backend over HTTP: each answer read by the table of answers, and no answer at all."""

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin

import aiohttp

from tasker_consumers.telemetry.export.sending.answers import MAX_WAIT_S, Answer, Then, http_row, split, wait
from tasker_consumers.telemetry.export.sending.endpoint import same_origin, without_credentials
from tasker_consumers.telemetry.export.sending.http_bodies import MAX_BODY_BYTES, ReadBody

_MAX_REDIRECTS = 5
_MAX_TEXT = 500  # characters of the backend's own words that are kept


class HttpClient:
    """Posts bodies to an endpoint."""

    def __init__(self, endpoint: str, timeout_s: float, read_body: ReadBody) -> None:
        self._endpoint = endpoint
        self._timeout_s = timeout_s
        self._read_body = read_body
        self._content_headers: Mapping[str, str] = {}
        self._secret_headers: Mapping[str, str] = {}
        self._session: aiohttp.ClientSession | None = None

    async def open(self, content_headers: Mapping[str, str], secret_headers: Mapping[str, str]) -> None:
        """Make ready; both kinds of headers go with each request, the secret ones to the endpoint's own server only."""
        self._content_headers, self._secret_headers = content_headers, secret_headers
        timeout = aiohttp.ClientTimeout(total=self._timeout_s)
        self._session = aiohttp.ClientSession(timeout=timeout, trust_env=True)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def post(self, body: bytes, tls: ssl.SSLContext | bool = True) -> Answer:
        """Post a body, and return the answer; raises nothing for trouble with the backend."""
        url = self._endpoint
        try:
            for _ in range(_MAX_REDIRECTS):
                answer, target = await self._post_once(url, body, tls)
                if not target:
                    return answer
                if url.startswith("https:") and not target.startswith("https:"):
                    return wait(f"{without_credentials(url)} redirects to {without_credentials(target)}, unencrypted")
                url = target
        except TimeoutError:
            return wait(f"{without_credentials(url)} gave no answer within {self._timeout_s:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return wait(f"{without_credentials(url)}: {_message_of(error)}")
        return wait(f"{without_credentials(self._endpoint)} redirects more than {_MAX_REDIRECTS} times")

    async def _post_once(self, url: str, body: bytes, tls: ssl.SSLContext | bool) -> tuple[Answer, str]:
        """Return the answer of a server, and where it redirects the same POST to, empty when it does not."""
        assert self._session is not None, "opened before the first request"
        at_home = same_origin(url, self._endpoint)
        headers = {**self._content_headers, **(self._secret_headers if at_home else {})}
        async with self._session.post(url, data=body, ssl=tls, headers=headers, allow_redirects=False) as response:
            row = http_row(response.status)
            location = response.headers.get("Location", "")
            if row.then is Then.FOLLOW and location:
                return wait(""), urljoin(url, location)
            answer = await _body_of(response)
            if row.then is Then.TAKEN:
                return self._read_taken(response, url, answer), ""
            message = f"HTTP {response.status}: {_text_of(answer) or response.reason}"
            if response.status // 100 == 3:  # noqa: PLR2004  the redirects
                message = f"{without_credentials(url)} answers HTTP {response.status}, which drops the POST, "
                message += f"and redirects to {without_credentials(urljoin(url, location)) if location else 'nowhere'}"
            if row.then is Then.SPLIT:
                return split(message), ""
            return wait(message, retry_after(response.headers.get("Retry-After", ""))), ""

    def _read_taken(self, response: aiohttp.ClientResponse, url: str, body: bytes) -> Answer:
        media_type = response.content_type.lower() if "Content-Type" in response.headers else ""
        answer = self._read_body(media_type, body)
        if answer.then is Then.WAIT:
            return wait(f"{without_credentials(url)} {answer.message} (HTTP {response.status})")
        return answer


def retry_after(text: str) -> float | None:
    """Return the seconds that a Retry-After header asks for, at most five minutes; None when it says nothing usable.

    >>> retry_after("3"), retry_after("9" * 400), retry_after("soon")
    (3.0, 300.0, None)
    """
    text = text.strip()
    if text.isdecimal():
        return min(float(text[:9]), MAX_WAIT_S)
    try:
        seconds = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(0.0, seconds), MAX_WAIT_S)


async def _body_of(response: aiohttp.ClientResponse) -> bytes:
    """Return the body; of a body that is far too long for an answer, only its beginning."""
    body = b""
    while len(body) <= MAX_BODY_BYTES and (chunk := await response.content.readany()):
        body += chunk
    return body


def _text_of(body: bytes) -> str:
    return body[:_MAX_TEXT].decode(errors="replace").strip()


def _message_of(error: Exception) -> str:
    """Return an error's message without the URLs that it quotes: a redirect's URL can hold a secret."""
    if isinstance(error, aiohttp.InvalidURL):
        return "redirects to an address that is no URL"
    return str(error) or type(error).__name__
