from django.apps import AppConfig


class DeploymentConfig(AppConfig):
    """The deployment itself, an app without models: it brings the checks of its settings."""

    name = "config"
    label = "deployment"

    def ready(self) -> None:
        from config import checks  # noqa: F401
