"""Words that a company wrote in several languages, in a template."""

from django import template

from privacy.texts import Texts, in_language

register = template.Library()


@register.filter("in_language")
def words_in_language(texts: Texts, first: str) -> str:
    return in_language(texts or {}, first)
