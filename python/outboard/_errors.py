"""Exceptions: one class a status of the C library, all of them an `outboard.Error` with the library's own message."""


class Error(RuntimeError):
    """A call of the C library failed. `status` is its name there ("invalid argument", ...)."""

    status = "error"


class OutOfMemory(Error, MemoryError):
    status = "out of memory"


class InvalidArgument(Error, ValueError):
    status = "invalid argument"


class InvalidModel(Error, ValueError):
    status = "invalid model"


class InvalidArtifact(Error, ValueError):
    status = "invalid artifact"


class Unsupported(Error, NotImplementedError):
    status = "unsupported"


class NotFound(Error, LookupError):
    status = "not found"


class IoError(Error, OSError):
    status = "input/output error"


class EngineError(Error):
    status = "engine error"


class Cancelled(Error):
    status = "cancelled"


class DeadlineExceeded(Error, TimeoutError):
    status = "deadline exceeded"


class OutOfRange(Error, IndexError):
    status = "out of range"


class InternalError(Error):
    status = "internal error"


# by ob_status_t, which starts with OB_OK
BY_STATUS = [None, OutOfMemory, InvalidArgument, InvalidModel, InvalidArtifact, Unsupported, NotFound, IoError, EngineError,
             Cancelled, DeadlineExceeded, OutOfRange, InternalError]
