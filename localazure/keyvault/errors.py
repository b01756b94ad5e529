"""The errors that several modules of Key Vault raise."""

from localazure.web import ServiceError, bad_request


def invalid(name: str) -> ServiceError:
    """The provider's text for most properties that it does not accept."""
    return bad_request(f"An invalid value was provided for '{name}'.")


def bad_parameter(message: str) -> ServiceError:
    """The 400 of the data plane; its texts were never observed, so ours say what would be right."""
    return ServiceError(400, "BadParameter", message)
