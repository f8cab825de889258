"""Entries about sensitive values, in words."""

from django import template

from chat.secure_words import SECURE_KINDS, sentence_of

register = template.Library()
register.filter("secure_sentence", sentence_of)
register.filter("is_about_a_value", lambda entry: entry.kind in SECURE_KINDS)
