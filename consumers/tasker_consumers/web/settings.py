"""The settings of the web view."""

from dataclasses import dataclass, field
from ipaddress import ip_address

from tasker_consumers.settings import ConsumerSettings
from tasker_consumers.web.views.links import LinkTemplate, read_links
from tasker_schemas.errors import ConfigurationError

#: Where it listens when nothing is set: a bookmark should stay right.
DEFAULT_PORT = 8600
_LOCAL_NAMES = frozenset({"localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """How the web view runs.

    Raises ConfigurationError for an address that other machines reach, where nobody is asked who they are.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    token: str | None = field(default=None, repr=False)
    proxy_header: str | None = None
    links: tuple[LinkTemplate, ...] = ()

    def __post_init__(self) -> None:
        if not self.is_local and not self.asks:
            raise ConfigurationError(
                f"{self.host} can be reached from other machines, and pages show data of tasks: set TASKER_WEB_TOKEN, "
                "or TASKER_WEB_PROXY_HEADER behind a proxy that asks people who they are, or listen at 127.0.0.1"
            )

    @property
    def asks(self) -> bool:
        """Whether a request must show that it may look."""
        return self.token is not None or self.proxy_header is not None

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches the address."""
        return is_loopback(self.host)

    @classmethod
    def of(cls, settings: ConsumerSettings, host: str | None = None, port: int | None = None) -> "WebSettings":
        """Return the settings of the web view among those of all consumers; `host` and `port` go before them."""
        return cls(
            host=host or settings.web_host,
            port=port if port is not None else settings.web_port or DEFAULT_PORT,
            token=settings.web_token,
            proxy_header=settings.web_proxy_header,
            links=read_links(settings.web_links or ""),
        )


def is_loopback(host: str) -> bool:
    """Return whether a name or an address means this machine alone.

    >>> [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "example.org")]
    [True, True, True, False, False]
    """
    if host.lower() in _LOCAL_NAMES:
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
