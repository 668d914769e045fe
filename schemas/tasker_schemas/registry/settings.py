"""Where a schema registry is and who we are there, from `SCHEMA_REGISTRY_*`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self
from urllib.parse import unquote, urlsplit

from tasker_schemas.errors import ConfigurationError

URL = "SCHEMA_REGISTRY_URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrySettings:
    """One registry; `auto_register` is whether producers may register what it lacks, or only look it up."""

    url: str
    user_info: str = field(default="", repr=False)  # user:password
    ca_location: str = ""
    certificate_location: str = ""
    key_location: str = ""
    key_password: str | None = field(default=None, repr=False)
    auto_register: bool = True

    @classmethod
    def from_env(cls, variables: Mapping[str, str]) -> Self | None:
        """Read `SCHEMA_REGISTRY_*`; None where no registry is named.

        >>> RegistrySettings.from_env({"SCHEMA_REGISTRY_URL": "https://alice:secret@registry:8081/"})
        RegistrySettings(url='https://registry:8081', ca_location='', certificate_location='', key_location='', \
auto_register=True)

        Raises ConfigurationError for an address that is none, and for a flag that is none.
        """
        url = variables.get(URL, "").strip().rstrip("/")
        if not url:
            return None
        register = variables.get("SCHEMA_REGISTRY_AUTO_REGISTER", "true").lower()
        if register not in {"true", "false"}:
            raise ConfigurationError(f"SCHEMA_REGISTRY_AUTO_REGISTER={register!r} is neither true nor false")
        settings = cls(
            url=url,
            user_info=variables.get("SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO", ""),
            ca_location=variables.get("SCHEMA_REGISTRY_SSL_CA_LOCATION", ""),
            certificate_location=variables.get("SCHEMA_REGISTRY_SSL_CERTIFICATE_LOCATION", ""),
            key_location=variables.get("SCHEMA_REGISTRY_SSL_KEY_LOCATION", ""),
            key_password=variables.get("SCHEMA_REGISTRY_SSL_KEY_PASSWORD") or None,
            auto_register=register == "true",
        )
        return settings._without_login_in_url()

    def _without_login_in_url(self) -> Self:
        """Return the same settings with a login out of the address, which messages name."""
        try:
            parts = urlsplit(self.url)
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:  # of the port
            usable = False
        if not usable:
            shown = self.url.rpartition("@")[2]
            raise ConfigurationError(f"{URL}={shown!r} is no address like https://registry:8081")
        login, at, place = parts.netloc.rpartition("@")
        if not at:
            return self
        return replace(self, url=parts._replace(netloc=place).geturl(), user_info=self.user_info or unquote(login))
