"""Certificates for tests, and the authorities that sign them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Authority:
    """Signs certificates; `certificate` is what others need to trust them."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def new(cls, name: str) -> Authority:
        """Return an authority that nobody trusts yet."""
        key = ec.generate_private_key(ec.SECP256R1())
        itself = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
            data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        draft = _draft(itself, itself, key, key).add_extension(usage, critical=True)
        authority = draft.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        return cls(authority.sign(key, hashes.SHA256()), key)

    def pem(self) -> bytes:
        """The certificate as a PEM file holds it."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def identity(self, name: str, password: bytes | None = None) -> bytes:
        """Return a new private key, and its certificate for a server at 127.0.0.1, as one PEM file holds them."""
        key = ec.generate_private_key(ec.SECP256R1())
        address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        draft = _draft(subject, self.certificate.subject, key, self.key).add_extension(address, critical=False)
        pem = serialization.Encoding.PEM
        locked = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, locked)
        return private + draft.sign(self.key, hashes.SHA256()).public_bytes(pem)


def _draft(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    """Return a certificate without its signature; Python 3.13 refuses one that does not name its signer's key."""
    now = datetime.now(UTC)
    signed_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    subject_key = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(subject_key, critical=False)
        .add_extension(signed_by, critical=False)
    )


def client_files(directory: Path, password: bytes) -> dict[str, str]:
    """Write a client's certificate and its encrypted key; return the settings of librdkafka that name them."""
    both = directory / "client.pem"
    both.write_bytes(Authority.new("us").identity("client", password))
    return {"ssl.certificate.location": str(both), "ssl.key.location": str(both)}
