"""URLs of backends: checked, and shown and sent without the credentials that they may hold."""

from base64 import b64encode
from typing import NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit

from tasker_schemas.errors import ConfigurationError


class Endpoint(NamedTuple):
    """A URL without user and password, and the value of the Authorization header that these stand for."""

    url: str
    authorization: str = ""


def read_endpoint(variable: str, text: str, example: str) -> Endpoint:
    """Return the endpoint that a variable names; raises ConfigurationError for a text that is no URL of a server.

    >>> read_endpoint("V", "http://ada:secret@collector:4318/", "http://localhost:4318")
    Endpoint(url='http://collector:4318/', authorization='Basic YWRhOnNlY3JldA==')
    """
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        usable = usable and text.isprintable() and " " not in text
    except ValueError:  # a port that is no number, a bracket without its pair
        usable = False
    if not usable:
        raise ConfigurationError(f"{variable} is {without_credentials(text)!r}; expected a URL like {example}.")
    user, separator, host = parts.netloc.rpartition("@")
    url = urlunsplit(parts._replace(netloc=host, fragment=""))
    return Endpoint(url, _basic(user) if separator else "")


def with_path(url: str, path: str) -> str:
    """Return a URL with a path added to its own; the query stays behind the path.

    >>> with_path("http://collector:4318?tenant=1", "/v1/traces")
    'http://collector:4318/v1/traces?tenant=1'
    """
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + path))


def without_credentials(url: str) -> str:
    """Return a URL as a log line may show it: without user, password, query and fragment.

    >>> without_credentials("https://ada:secret@collector/v1/traces?key=secret")
    'https://collector/v1/traces'
    """
    head, separator, tail = url.partition("://")
    if not separator:
        head, tail = "", url
    tail = tail.partition("#")[0].partition("?")[0]
    authority, slash, path = tail.partition("/")
    return f"{head}{separator}{authority.rpartition('@')[2]}{slash}{path}"


def same_origin(first: str, second: str) -> bool:
    """Return whether two URLs lead to the same server, over the same kind of connection.

    >>> same_origin("http://collector/a", "http://collector:80/b"), same_origin("http://a/", "https://a/")
    (True, False)
    """
    return _origin(first) == _origin(second)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _basic(user: str) -> str:
    return f"Basic {b64encode(unquote(user).encode()).decode()}"
