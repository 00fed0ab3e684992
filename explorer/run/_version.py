"""Versions of what is installed."""

from importlib.metadata import PackageNotFoundError, version


def installed_version(package: str) -> str | None:
    """Return the version of an installed package, or None without one, as in a bare checkout."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def package_version() -> str:
    """Return the explorer's own version, or 'unknown'."""
    return installed_version("scion-explorer") or "unknown"
