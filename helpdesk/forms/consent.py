"""The questions of a consent notice as fields of a form: never pre-ticked, one for each purpose."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from helpdesk.forms.typed import LineField
from helpdesk.models import Account
from privacy.models import ConsentNotice, Mechanism
from privacy.models.consent import Question
from privacy.services.people.consent import Given
from privacy.services.people.notices import current_notice
from privacy.texts import in_language

BOX = "consent_{}"  # a field for each question, by the key of its purpose
LIST = "consent"  # one field for all of them
SITE = "site_consent"  # what the site around the chat says of its own question
CHANGED = gettext_lazy("The text of the consent has changed. Please read it again.")


def notice_to_answer(account: Account) -> ConsentNotice | None:
    """Return the notice in force where it asks something; a billboard informs, and nobody answers it."""
    notice = current_notice(account)
    return notice if notice and notice.asks else None


class ConsentMixin(forms.Form):
    """Asks what ``self.notice`` asks. Refusing what is required says what is possible instead."""

    account: Account
    form_name = ""  # "chat" or "ticket": the prefix of the account's rules
    notice: ConsentNotice | None = None

    def ask_consent(self) -> None:
        """Add the fields; to be called once the form has its account and notice.

        Bot and site ask before a chat, not before a ticket: its form stands on a page of its own.
        """
        if self.notice is None or self.is_for_bot:
            return
        if self.form_name == "chat" and self.notice.mechanism != Mechanism.FIELD:
            self.fields[SITE] = forms.CharField(required=False, widget=forms.HiddenInput)
            proof = LineField(required=False, max_length=100, widget=forms.HiddenInput)
            self.fields["site_reference"] = proof
            return
        if self.notice.together and len(self.notice.asked) > 1:
            self.fields[LIST] = self._list(self.notice)
        else:
            for question in self.notice.asked:
                self.fields[BOX.format(question.purpose)] = forms.BooleanField(
                    label=self.notice.words_of(question),
                    required=question.required,
                    error_messages={"required": self._refusal()},
                )
        last = next(reversed(self.fields.values()))
        last.help_text = self._link()
        self.fields["notice"] = forms.IntegerField(widget=forms.HiddenInput, initial=self.notice.version)

    @property
    def is_for_bot(self) -> bool:
        """Whether the bot asks before a chat: then no form can agree, whatever is posted in it."""
        asked = self.notice is not None and self.notice.mechanism == Mechanism.BOT
        return asked and self.form_name == "chat"

    def clean(self) -> None:
        super().clean()
        if self.is_for_bot:
            raise forms.ValidationError(self._refusal(), "bot")

    def clean_notice(self) -> int:
        version = self.cleaned_data["notice"]
        if self.notice and version != self.notice.version:
            self.data = self.data.copy()  # shown again: the new words, unticked
            self.data["notice"] = self.notice.version
            for name in [name for name in self.data if name.partition("_")[0] == LIST]:
                del self.data[name]
            raise forms.ValidationError(CHANGED, "stale")
        return version

    def clean_consent(self) -> list[str]:
        chosen = self.cleaned_data[LIST]
        if self.notice and self.notice.required() - set(chosen):
            raise forms.ValidationError(self._refusal(), "required")
        return chosen

    def clean_site_consent(self) -> str:
        """Take the word of the site that it asked itself, and store nothing where it was refused there."""
        said = self.cleaned_data[SITE]
        if self.notice and self.notice.required() and said != "given":
            raise forms.ValidationError(self._refusal(), "site")
        return said

    @property
    def consent_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.partition("_")[0] == LIST]

    @property
    def given(self) -> Given:
        """What was agreed to, once the form is valid."""
        if self.notice is None or self.is_for_bot:
            return Given()
        values: Mapping[str, Any] = self.cleaned_data
        if values.get(SITE) == "given":
            return Given.to_all(self.notice, reference=values["site_reference"])
        ticked = {each for each in self.notice.purposes() if values.get(BOX.format(each))}
        return Given(self.notice, frozenset(ticked | set(values.get(LIST, ()))))

    def refuse_consent(self) -> None:
        """Say that the notice was changed between the check and the service."""
        self.add_error(None, CHANGED)

    def _list(self, notice: ConsentNotice) -> forms.MultipleChoiceField:
        return forms.MultipleChoiceField(
            label=notice.opening or _("I agree:"),
            choices=[(each.purpose, _marked(notice, each)) for each in notice.asked],
            required=bool(notice.required()),
            widget=forms.CheckboxSelectMultiple,
            error_messages={"required": self._refusal()},
        )

    def _refusal(self) -> str:
        instead = in_language(self.account.refusal, self.account.language)
        nothing = _("Please tick this box if you agree. Without it we store nothing.")
        if self.is_for_bot:
            nothing = _("Please answer the question in the chat first. Without that we store nothing.")
        return f"{nothing} {instead}".strip()

    def _link(self) -> SafeString | str:
        if not self.notice or not self.notice.policy_url:
            return ""
        return format_html(
            '<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>',
            self.notice.policy_url,
            _("Privacy policy"),
        )


class ConsentForm(ConsentMixin):
    """The questions alone, for somebody who comes back after they changed."""

    def __init__(self, account: Account, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        self.notice = notice_to_answer(account)
        self.ask_consent()


def _marked(notice: ConsentNotice, question: Question) -> str:
    words = notice.words_of(question)
    return _("%(words)s (needed)") % {"words": words} if question.required else words
