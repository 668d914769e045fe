"""A real API server with its etcd, without controllers: it checks and stores objects, and runs nothing."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tasker_consumers.embedded.ports import free_ports
from tests.support.processes import eventually

if TYPE_CHECKING:
    from pathlib import Path

PROGRAMS = ("etcd", "kube-apiserver", "kubectl")
_START_LIMIT_S = 120.0


class ApiServer:
    """Runs as long as the `with` block lasts; everything is in a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._etcd, self._peers, self._port = free_ports(3)
        self._processes = ExitStack()

    def __enter__(self) -> Self:
        etcd, peers = (f"http://127.0.0.1:{port}" for port in (self._etcd, self._peers))
        self._start(
            "etcd", f"--data-dir={self._directory / 'etcd'}", f"--listen-client-urls={etcd}",
            f"--advertise-client-urls={etcd}", f"--listen-peer-urls={peers}",
            f"--initial-advertise-peer-urls={peers}", f"--initial-cluster=default={peers}", "--unsafe-no-fsync",
        )  # fmt: skip
        key = self._directory / "account.pem"
        key.write_bytes(_private_key())
        tokens = self._directory / "tokens.csv"
        tokens.write_text('token,admin,admin,"system:masters"\n')
        self._start(
            "kube-apiserver", f"--etcd-servers={etcd}", "--bind-address=127.0.0.1", f"--secure-port={self._port}",
            f"--cert-dir={self._directory}", "--service-account-issuer=https://127.0.0.1",
            f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}",
            f"--token-auth-file={tokens}", "--authorization-mode=RBAC", "--service-cluster-ip-range=10.0.0.0/24",
        )  # fmt: skip
        assert eventually(lambda: self.kubectl("get", "--raw", "/readyz").returncode == 0, _START_LIMIT_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._processes.close()

    def kubectl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Ask the server as an administrator."""
        server = [f"--server=https://127.0.0.1:{self._port}", "--token=token", "--insecure-skip-tls-verify"]
        return subprocess.run(["kubectl", *server, *arguments], capture_output=True, text=True, check=False)

    def _start(self, *command: str) -> None:
        with (self._directory / f"{command[0]}.log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        self._processes.callback(process.wait)
        self._processes.callback(process.kill)


def missing_programs() -> list[str]:
    """Return which of the programs are not installed."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


def _private_key() -> bytes:
    """Return a new key as a PEM file holds it."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
