"""Names of people and accounts in lines of ours."""

from django import template
from django.template.defaultfilters import stringfilter

from helpdesk.text import without_turns

register = template.Library()
register.filter("without_turns", stringfilter(without_turns), is_safe=True)
