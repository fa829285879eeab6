"""What a cloud answers when it refuses."""

from __future__ import annotations

from typing import Any


class CloudError(Exception):
    """A refusal by the cloud's own code and words. ``status`` is HTTP's."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class Partial(Exception):
    """A resource that exists, but not as it was asked for: a create that half succeeded, a rolled-back deployment."""

    def __init__(self, error: CloudError) -> None:
        super().__init__(str(error))
        self.error = error
        self.id = ""
        self.state: dict[str, Any] = {}


class Lost(Exception):
    """A resource that was made while the answer never came."""

    def __init__(self, error: CloudError) -> None:
        super().__init__(str(error))
        self.error = error
