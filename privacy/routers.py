"""Which of the two databases a model lives in."""

from django.apps import apps

VAULT = "vault"


def lives_in_vault(model) -> bool:
    return getattr(model, "in_vault", False)


class VaultRouter:
    """Send the models marked ``in_vault`` to the vault and every other model to the main database."""

    def db_for_read(self, model, **hints):
        return VAULT if lives_in_vault(model) else None

    db_for_write = db_for_read

    def allow_relation(self, obj1, obj2, **hints):
        return lives_in_vault(type(obj1)) == lives_in_vault(type(obj2))

    def allow_migrate(self, db, app_label, model_name=None, **hints):
        if model_name is None:
            return None
        # Not the historical model of the hints: it has no attributes of our own.
        return (db == VAULT) == lives_in_vault(apps.get_model(app_label, model_name))
