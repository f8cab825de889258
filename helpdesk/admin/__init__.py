"""The admin: accounts, their people, lock-outs and evidence. No model of content is registered."""

from django.contrib import admin
from django.contrib.auth.models import Group

from helpdesk.admin import accounts, evidence, form_fields, people, plans, purposes, recipients, teams

__all__ = ["accounts", "evidence", "form_fields", "people", "plans", "purposes", "recipients", "teams"]

admin.site.unregister(Group)  # what somebody may do follows from their role
