"""The teams of an account."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from helpdesk.admin.rows import RowForm, RowOfAccount
from helpdesk.forms.typed import check_once
from helpdesk.models import Team, User
from helpdesk.services.teams import save_team
from helpdesk.text import validate_line

HELP = {
    "name": _("What agents read beside the chats that were led to it (Article 29)."),
    "members": _("Who answers for it; everybody of the account goes on seeing its chats (Article 32(4))."),
    "is_active": _(
        "Off: the bot leads nobody there any more. Chats that were led there say so as long as they are kept "
        "(Article 5(1)(d))."
    ),
}


class TeamForm(RowForm):
    help_texts = HELP

    class Meta:
        model = Team
        fields = ("name", "members", "is_active")
        widgets = {"members": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        check_once(self.fields["name"], validate_line)
        members = self.fields["members"]
        in_it = Q(pk__in=self.instance.members.all()) if self.instance.pk else Q(pk=None)
        members.queryset = User.objects.to_show().filter(Q(is_active=True) | in_it, account=self.account)
        members.label_from_instance = User.get_full_name

    def clean_name(self) -> str:
        """The name is unique in its account, which Django's own check leaves out: it is no field here."""
        name = self.cleaned_data["name"]
        if Team.objects.filter(account=self.account, name=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("Another team has this name."))
        return name


@admin.register(Team)
class TeamAdmin(RowOfAccount):
    """Teams are switched off and never deleted."""

    tab = "bot"
    row_form = TeamForm
    list_display = ("name", "account", "is_active")
    ordering = ("account__name", "name")

    def save_model(self, request: Any, obj: Team, form: TeamForm, change: bool) -> None:
        save_team(team=obj, members=form.cleaned_data["members"], by=request.user)
