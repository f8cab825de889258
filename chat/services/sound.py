"""What an agent wants to hear."""

from helpdesk.models import User


def set_sound(*, user: User, on: bool) -> None:
    """Remember whether new messages make a sound for this person, on every device."""
    user.sound_on = on
    user.save(update_fields=["sound_on"])
