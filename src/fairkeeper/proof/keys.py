"""How a log replaces its key: a chain of statements, each signed by the key before it and by the new one.

A statement is a signed note of its own form, which cannot be taken for a checkpoint. The first one (number 0) is
signed by its own key alone. Who trusts one key of the chain so trusts those after it, and not those before it.
"""

from __future__ import annotations

from collections.abc import Sequence

from fairkeeper.errors import InvalidError
from fairkeeper.proof.note import Note, SignatureType, SignerKey, VerifierKey, sign_note, verified_signatures

LONGEST_CHAIN = 1_000
_FORMAT = "fairkeeper-log-key/1"


def first_statement(key: SignerKey) -> str:
    """Return the statement that begins a log's chain; the key's name is the log's origin.

    Example:
        >>> chain = [first_statement(SignerKey.from_seed("log.example", bytes(32)))]
        >>> [key.name for key in read_chain(chain)]
        ['log.example']
    """
    return sign_note(_text(0, key.verifier, None), [key]).decode()


def next_statement(chain: Sequence[str], previous: SignerKey, new: SignerKey) -> str:
    """Return the statement by which the last key of a chain hands over to a new one.

    Raises:
        InvalidError: `proof.key_chain_broken`, the previous key does not end the chain, or the new one does not fit.
    """
    if read_chain(chain)[-1] != previous.verifier:
        raise _broken(len(chain), "the key that hands over is not the last of the chain")
    statement = sign_note(_text(len(chain), new.verifier, previous.verifier), [previous, new]).decode()
    read_chain([*chain, statement])
    return statement


def read_chain(chain: Sequence[str]) -> tuple[VerifierKey, ...]:
    """Return the keys of a chain, oldest first, after verifying every statement.

    Raises:
        InvalidError: `proof.key_chain_broken`, with the number of the statement.
    """
    if not 0 < len(chain) <= LONGEST_CHAIN:
        raise _broken(0, f"it has {len(chain)} statements")
    keys: list[VerifierKey] = []
    for number, statement in enumerate(chain):
        key = _read_statement(number, statement, keys[-1] if keys else None)
        if key in keys:
            raise _broken(number, "it returns to a key that was replaced")
        keys.append(key)
    return tuple(keys)


def trusted_keys(chain: Sequence[str], anchor: VerifierKey) -> frozenset[VerifierKey]:
    """Return the keys to trust, given one that is trusted already: it and those after it in the chain.

    Raises:
        InvalidError: `proof.key_chain_broken`; `proof.key_foreign`, the chain does not hold the anchor.
    """
    keys = read_chain(chain)
    if anchor not in keys:
        raise foreign_keys([anchor])
    return frozenset(keys[keys.index(anchor) :])


def foreign_keys(given: Sequence[VerifierKey]) -> InvalidError:
    """Return the error that says that the log's chain holds none of the given keys."""
    return InvalidError(
        f"The log's keys do not stem from {', '.join(key.text for key in given)}.",
        code="proof.key_foreign",
        remedy="Treat it as another log's, or ask the publisher for the log's key by another way.",
    )


def _text(number: int, key: VerifierKey, previous: VerifierKey | None) -> str:
    replaced = previous.text if previous else "-"
    return f"{_FORMAT}\norigin {key.name}\nnumber {number}\nkey {key.text}\nprevious {replaced}\n"


def _read_statement(number: int, statement: str, previous: VerifierKey | None) -> VerifierKey:
    try:
        note = Note.parse(statement.encode())
        lines = note.text.split("\n")
        key = VerifierKey.parse(lines[3].removeprefix("key ")) if len(lines) > 3 else None
        if key is None or note.text != _text(number, key, previous):
            raise _broken(number, "it does not follow the one before it")
        if key.type is not SignatureType.ED25519 or (previous is not None and key.name != previous.name):
            raise _broken(number, "its key is not one of this log")
        signers = [key] if previous is None else [previous, key]
        if len(note.signatures) != len(signers) or not all(
            line.is_by(signer) for line, signer in zip(note.signatures, signers, strict=True)
        ):
            raise _broken(number, "it is not signed by exactly the key before it and its own")
        verified_signatures(note, signers)
    except (InvalidError, UnicodeEncodeError) as error:
        if isinstance(error, InvalidError) and error.code == "proof.key_chain_broken":
            raise
        raise _broken(number, str(error)) from error
    return key


def _broken(number: int, reason: str) -> InvalidError:
    return InvalidError(
        f"Statement {number} of the log's chain of keys does not hold: {reason}",
        code="proof.key_chain_broken",
        remedy="Take the chain as the log publishes it; if it stays broken, trust none of its newer keys.",
    )
