"""The command `fairkeeper`. Imports lazily: `--help` and the offline verifier need neither server nor database."""

from __future__ import annotations


def main() -> None:
    """Run the command line and leave with its exit code."""
    from fairkeeper.bootstrap.logging import configure_logging
    from fairkeeper.bootstrap.server import address_of, bind, serve
    from fairkeeper.bootstrap.settings import read_settings

    settings = read_settings()
    configure_logging(settings.log_level)
    bound = bind(settings.host, settings.port)
    settings = read_settings(port=bound.getsockname()[1])
    serve(settings, bound, ready=lambda: print(address_of(bound, settings.host), flush=True))


if __name__ == "__main__":
    main()
