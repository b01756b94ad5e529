"""What tests on the real engine say again and again."""

from tests.support.stack import done, refused

__all__ = ["done", "refused"]
