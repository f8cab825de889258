"""The addresses of what makes a page an account's own."""

from django import template

from helpdesk.brand import logo_address, sheet_address

register = template.Library()
register.filter("brand_sheet", sheet_address)
register.filter("brand_logo", logo_address)
