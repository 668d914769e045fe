"""Where a schema registry is and who we are there, from `SCHEMA_REGISTRY_*`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote, urlsplit

from tasker_schemas.environment import flag, refusal, text
from tasker_schemas.errors import ConfigurationError

URL = "SCHEMA_REGISTRY_URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrySettings:
    """A registry at an address, or at several, separated by commas.

    `auto_register` is whether producers may register the schemas that the registry lacks, or only look them up.
    """

    url: str
    user_info: str = field(default="", repr=False)  # user:password
    ca_location: str = ""
    certificate_location: str = ""
    key_location: str = ""
    key_password: str | None = field(default=None, repr=False)
    auto_register: bool = True

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of the registry's servers, in the order in which they are asked."""
        return tuple(self.url.split(","))

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self | None:
        """Read `SCHEMA_REGISTRY_*`, each also as `NAME_FILE`; None where no registry is named.

        >>> RegistrySettings.from_env({"SCHEMA_REGISTRY_URL": "https://alice:secret@registry:8081/"})
        RegistrySettings(url='https://registry:8081', ca_location='', certificate_location='', key_location='', \
auto_register=True)

        Raises ConfigurationError for an address and for a flag that cannot work, and for a file that cannot be read.
        """
        urls = text(environ, URL)
        if urls is None:
            return None
        addresses = [_address(url.strip()) for url in urls.split(",") if url.strip()]
        if not addresses:
            raise _no_address(urls)
        login = next((login for _, login in addresses if login), "")

        def value(name: str) -> str:
            return text(environ, name) or ""

        return cls(
            url=",".join(url for url, _ in addresses),
            user_info=value("SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO") or login,
            ca_location=value("SCHEMA_REGISTRY_SSL_CA_LOCATION"),
            certificate_location=value("SCHEMA_REGISTRY_SSL_CERTIFICATE_LOCATION"),
            key_location=value("SCHEMA_REGISTRY_SSL_KEY_LOCATION"),
            key_password=value("SCHEMA_REGISTRY_SSL_KEY_PASSWORD") or None,
            auto_register=flag(environ, "SCHEMA_REGISTRY_AUTO_REGISTER", default=True),
        )


def _address(url: str) -> tuple[str, str]:
    """Return an address without a login, because messages show it, and the login."""
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of the port
        is_usable = False
    if not is_usable:
        raise _no_address(url)
    login, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=host).geturl().rstrip("/"), unquote(login)


def _no_address(url: str) -> ConfigurationError:
    return refusal(URL, url, "addresses like https://registry:8081, separated by commas")
