"""Every table says what it knows about people, or ``manage.py check`` fails."""

from django.apps import apps
from django.core.checks import Error, register
from django.db.models import Model

from privacy.declarations import declaration_of, declarations, impersonal_models, is_declared
from privacy.encryption.fields import SealedMixin
from privacy.encryption.rows import SealedModel


@register("privacy")
def check_declared(app_configs, **kwargs) -> list[Error]:
    """Report every installed model that no ``personal_data.py`` declares."""
    return [
        Error(
            f"{model._meta.label} is declared neither as personal data nor as holding none.",
            hint="Declare it in its app's personal_data.py; a third party's in that of the app using it.",
            obj=model,
            id="privacy.E002",
        )
        for model in apps.get_models(include_auto_created=True)
        if not is_declared(model)
    ]


@register("privacy")
def check_sealed_fields(app_configs, **kwargs) -> list[Error]:
    """Report sealed fields that no declaration covers, or that stand in a row without a key."""
    errors = []
    for model in apps.get_models():
        sealed = [f.name for f in model._meta.concrete_fields if isinstance(f, SealedMixin)]
        if sealed and not issubclass(model, SealedModel):
            errors.append(_error(model, "has sealed fields but is not a SealedModel", "E003"))
        declared = declaration_of(model)
        if sealed and (declared is None or declared.root is None):
            errors.append(_error(model, f"seals {', '.join(sealed)} but belongs to no declared unit", "E004"))
        elif declared is not None:
            missing = sorted(set(sealed) - set(declared.export))
            errors += [
                _error(model, f"seals {n} but its declaration doesn't export it", "E005") for n in missing
            ]
    return errors


@register("privacy")
def check_declarations(app_configs, **kwargs) -> list[Error]:
    """Report declarations that contradict each other or themselves."""
    errors = []
    seen: set[type[Model]] = set()
    for declared in declarations():
        if declared.model in seen or declared.model in impersonal_models():
            errors.append(_error(declared.model, "is declared twice", "E006"))
        seen.add(declared.model)
        if not (declared.root or declared.term is not None or declared.person or declared.account):
            errors.append(
                _error(declared.model, "has neither unit, person nor term: it would stay for ever", "E007")
            )
        has_term = declared.term is not None or declared.account
        if has_term and not declared.since:
            errors.append(_error(declared.model, "has a term but no moment from which it runs", "E008"))
        if declared.separable and not (declared.owns_key and (declared.clocks or declared.ends)):
            errors.append(
                _error(declared.model, "can't go alone without a key and a clock of its own", "E009")
            )
    return errors


def _error(model: type[Model], problem: str, number: str) -> Error:
    return Error(f"{model._meta.label} {problem}.", obj=model, id=f"privacy.{number}")
