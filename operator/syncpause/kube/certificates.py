"""Certificates of a kubeconfig: read, checked, and given to the TLS library as it wants them."""

from __future__ import annotations

import hashlib
import ssl
import tempfile
from pathlib import Path

from syncpause.kube.credentials import ConfigError, Credential, reason_of
from syncpause.kube.kubeconfig_fields import Cluster, User, decoded

_PEM = "-----BEGIN "
_KEPT = 2
"""Pairs that stay on the disk: the current one, and the one before, which may be being loaded."""


def read_authority(cluster: Cluster) -> str:
    """The certificates (PEM) that sign the server's; empty: those of the system. Raises ConfigError."""
    if cluster.certificate_authority_data:
        data = decoded(cluster.certificate_authority_data)
        return checked_authority(data, "certificate-authority-data")
    if cluster.certificate_authority:
        return read_authority_file(Path(cluster.certificate_authority))
    return ""


def read_authority_file(path: Path) -> str:
    """The same, of a file. Raises ConfigError."""
    what = f"the certificate authority {path}"
    try:
        return checked_authority(path.read_bytes(), what)
    except OSError as error:
        raise ConfigError(f"{what} cannot be read: {reason_of(error)}; name a readable PEM file") from error


def checked_authority(data: bytes, what: str) -> str:
    """The PEM text. Raises ConfigError where it is none."""
    try:
        text = data.decode("ascii", "ignore")  # people write comments between certificates
        ssl.create_default_context(cadata=text)
    except (ssl.SSLError, ValueError, EOFError) as error:
        raise ConfigError(f"{what} has no certificate in PEM form: {_cause(error)}; replace it") from error
    return text


class CertificateFiles:
    """Client certificates as files, the only form in which Python's TLS loads them.

    The folder is removed when this object is.
    """

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._kept: list[tuple[Path, Path]] = []

    def of_user(self, user: User, whose: str) -> tuple[str, str] | None:
        """Certificate and key that the kubeconfig names or holds; None: none. Raises ConfigError."""
        certificate = _pem(user.client_certificate_data, user.client_certificate, whose, "certificate")
        key = _pem(user.client_key_data, user.client_key, whose, "key")
        if not certificate and not key:
            return None
        if not certificate or not key:
            missing = "client-key" if certificate else "client-certificate"
            raise ConfigError(f"{whose}: {missing} is missing: a client certificate needs both")
        pair = self._written(certificate, key)
        _check_pair(pair, f"{whose}: the client certificate and key of the kubeconfig")
        return pair

    def of_credential(self, credential: Credential, whose: str) -> tuple[str, str] | None:
        """Those that an exec plugin printed; None: none. Raises ConfigError."""
        if not credential.certificate:
            return None
        pair = self._written(credential.certificate.encode(), credential.key.encode())
        _check_pair(pair, f"{whose}: the client certificate and key that the exec plugin printed")
        return pair

    def _written(self, certificate: bytes, key: bytes) -> tuple[str, str]:
        if self._folder is None:
            try:
                self._folder = tempfile.TemporaryDirectory(prefix="syncpause-")
            except OSError as error:
                raise ConfigError(
                    f"the client certificate needs a folder to be written to: {reason_of(error)}; set TMPDIR"
                ) from error
        name = hashlib.sha256(certificate + b"\0" + key).hexdigest()[:16]
        pair = (Path(self._folder.name, f"{name}.crt"), Path(self._folder.name, f"{name}.key"))
        if pair not in self._kept:
            for path, content in zip(pair, (certificate, key), strict=True):
                path.write_bytes(content)  # the folder is its owner's alone
            self._kept.append(pair)
        for old in self._kept[:-_KEPT]:
            for path in old:
                path.unlink(missing_ok=True)
        del self._kept[:-_KEPT]
        return str(pair[0]), str(pair[1])


def _pem(data: str, path: str, whose: str, what: str) -> bytes:
    """The content of ``client-*-data``, or of the file: the data has precedence, as for kubectl."""
    if data:
        return decoded(data)
    if not path:
        return b""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{whose}: the client {what} {path} cannot be read: {reason_of(error)}; name a readable PEM file"
        ) from error
    if _PEM.encode() not in content:
        raise ConfigError(f"{whose}: the client {what} {path} is not in PEM form: replace it")
    return content


def _check_pair(pair: tuple[str, str], what: str) -> None:
    try:
        # Without a password of ours OpenSSL would ask for one on the terminal.
        ssl.create_default_context().load_cert_chain(*pair, password=lambda: b"")
    except (ssl.SSLError, ValueError, OSError) as error:
        raise ConfigError(
            f"{what} cannot be used: {_cause(error)}; both must be PEM without a pass phrase,"
            " and belong together"
        ) from error


def _cause(error: Exception) -> str:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
    return str(reason).replace("_", " ").lower()
