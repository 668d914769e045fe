"""Pages of the web servers that tests start."""

from urllib.error import HTTPError
from urllib.request import urlopen

from tests.support.processes import LIMIT_S


def page_at(url: str) -> tuple[int, str]:
    """Return status and text of a page, whatever the status."""
    try:
        with urlopen(url, timeout=LIMIT_S) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()
