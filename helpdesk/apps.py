from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class HelpdeskConfig(AppConfig):
    name = "helpdesk"
    verbose_name = _("Helpdesk")
    default_auto_field = "django.db.models.BigAutoField"
    default = True


class LetheAdminConfig(admin_apps.AdminConfig):
    """Django's admin, with our site in the place of its own."""

    default_site = "helpdesk.admin_site.LetheAdminSite"
    default = False
