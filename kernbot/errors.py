"""All errors that kernbot raises on purpose, as one tree.

KernbotError
├── UsageError             the call is wrong: correct it (also a ValueError)
│   ├── DefinitionError    the workflow cannot be built or run as it is written
│   └── AnswerError        the answer does not fit the question; nothing was stored
├── ConfigurationError     a setting is missing or wrong
├── NotFoundError          no such run, or not one that you may see
├── ConflictError          somebody was faster, or the run is in another state
├── RefusedError           the person may not do this
├── StorageError           the database could not be read or written
└── ModelError             a language model gave no reply that can be used
"""

from __future__ import annotations


class KernbotError(Exception):
    """The root of every error that kernbot raises on purpose."""


class UsageError(KernbotError, ValueError):
    """The call is wrong; the message says how to correct it."""


class DefinitionError(UsageError):
    """The workflow cannot be built, or not be run, as it is written."""


class AnswerError(UsageError):
    """The answer does not fit the question; nothing was stored."""


class ConfigurationError(KernbotError):
    """A setting is missing or wrong; the message names it."""


class NotFoundError(KernbotError, LookupError):
    """No such run, or none that the person may see: both read the same."""


class ConflictError(KernbotError):
    """Somebody was faster, or the run is in another state; the message names it."""


class RefusedError(KernbotError):
    """The person may not do this; nothing was changed."""


class StorageError(KernbotError):
    """The database could not be read or written; what was claimed is not lost."""


class ModelError(KernbotError):
    """A language model gave no reply that can be used; the message names the model and the cause, and holds no key."""
