"""The bot of an account: its steps as a list, each on a page of its own, with a preview that can be tried."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from chat.admin.example import example_flow
from chat.admin.help_texts import KINDS, STEP
from chat.admin.listed import Listed, listed_steps
from chat.admin.preview import tried
from chat.admin.step_form import StepForm
from chat.bot.faults import faults_of
from chat.bot.flow import Kind, Step
from chat.models import BotFlow, BotVersion
from chat.services import flows
from helpdesk.admin.scope import ScopedAdmin, open_accounts
from helpdesk.models import Account
from privacy.models import Mechanism

View = Callable[..., HttpResponse]


@admin.register(BotFlow)
class BotFlowAdmin(ScopedAdmin):
    """Bots have pages by account, and none of Django's own."""

    def get_urls(self) -> list:
        at = "<int:account_id>/"
        return [
            path(at, self._guarded(require_safe(self.bot)), name="chat_bot"),
            path(f"{at}try/", self._guarded(require_POST(self.bot_try)), name="chat_bot_try"),
            path(f"{at}example/", self._guarded(require_POST(self.bot_example)), name="chat_bot_example"),
            path(f"{at}publish/", self._guarded(require_POST(self.bot_publish)), name="chat_bot_publish"),
            path(f"{at}off/", self._guarded(require_POST(self.bot_off)), name="chat_bot_off"),
            path(f"{at}add/", self._guarded(self.step_add), name="chat_bot_add"),
            path(f"{at}steps/<slug:name>/", self._guarded(self.step_change), name="chat_bot_step"),
            path(
                f"{at}steps/<slug:name>/move/",
                self._guarded(require_POST(self.step_move)),
                name="chat_bot_move",
            ),
            path(
                f"{at}steps/<slug:name>/remove/",
                self._guarded(require_POST(self.step_remove)),
                name="chat_bot_remove",
            ),
        ]

    def bot(self, request: HttpRequest, account: Account) -> HttpResponse:
        return self._show(request, account)

    def bot_try(self, request: HttpRequest, account: Account) -> HttpResponse:
        """Answer with the preview alone where the page has a script, and with the whole page else."""
        if request.headers.get("HX-Request") == "true":
            context = {"account": account, **tried(account, flows.draft_of(account), request.POST)}
            return render(request, "admin/chat/_try.html", context)
        return self._show(request, account, data=request.POST)

    def bot_example(self, request: HttpRequest, account: Account) -> HttpResponse:
        flows.begin_with(account=account, flow=example_flow(account))
        return redirect("admin:chat_bot", account.pk)

    def bot_publish(self, request: HttpRequest, account: Account) -> HttpResponse:
        try:
            version = flows.publish_flow(account=account, by=request.user)
        except flows.Faulty:
            messages.error(request, _("Nothing was published: the steps below have faults."))
        else:
            messages.success(
                request, _("Version %(number)d talks to new visitors.") % {"number": version.number}
            )
        return redirect("admin:chat_bot", account.pk)

    def bot_off(self, request: HttpRequest, account: Account) -> HttpResponse:
        flows.switch_bot_off(account=account, by=request.user)
        messages.success(request, _("The bot is off. Chats that talk with it go on."))
        return redirect("admin:chat_bot", account.pk)

    def step_add(self, request: HttpRequest, account: Account) -> HttpResponse:
        kind = request.GET.get("kind", "")
        if kind not in Kind:
            raise Http404
        return self._step(request, account, kind)

    def step_change(self, request: HttpRequest, account: Account, name: str) -> HttpResponse:
        opened = flows.draft_of(account).get(name)
        if opened is None:
            raise Http404
        return self._step(request, account, opened.kind, opened)

    def step_move(self, request: HttpRequest, account: Account, name: str) -> HttpResponse:
        by = -1 if request.POST.get("to") == "up" else 1
        flows.move_step(account=account, name=name, by=by)
        return redirect(f"{reverse('admin:chat_bot', args=[account.pk])}#step-{name}")

    def step_remove(self, request: HttpRequest, account: Account, name: str) -> HttpResponse:
        flows.remove_step(account=account, name=name)
        messages.success(request, _("The step is taken out."))
        return redirect("admin:chat_bot", account.pk)

    def _guarded(self, view: View) -> View:
        """Give a view the account of the address, where it is open to the person; 404 else."""

        @wraps(view)
        def of_account(request: HttpRequest, account_id: int, **more: str) -> HttpResponse:
            account = get_object_or_404(open_accounts(request), pk=account_id)
            return view(request, account, **more)

        return self.admin_site.admin_view(of_account)

    def _show(self, request: HttpRequest, account: Account, data: Any = None) -> HttpResponse:
        draft = flows.draft_of(account)
        faults = faults_of(draft, account)
        published = flows.published_version(account)
        listed: list[Listed] = listed_steps(draft, faults, account)
        context = {
            "title": _("Bot"),
            "faults": [fault for fault in faults if not fault.is_warning],
            "steps": listed,
            "kinds": Kind.choices,
            "published": published,
            "is_published": published is not None and published.flow == draft,
            "versions": [
                (each, listed_steps(each.flow, [], account))
                for each in BotVersion.objects.filter(account=account)
            ],
            "asks": account.consent_mechanism == Mechanism.BOT,
            **tried(account, draft, data),
        }
        return self._render(request, account, "admin/chat/bot.html", context)

    def _step(
        self, request: HttpRequest, account: Account, kind: str, opened: Step | None = None
    ) -> HttpResponse:
        draft = flows.draft_of(account)
        form = StepForm(account, draft, kind, opened=opened, data=request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                flows.save_step(account=account, step=form.step, opened=opened)
            except flows.ChangedMeanwhile:
                form.add_error(
                    None, _("Somebody else changed this step at the same moment. Please look again.")
                )
            except ValidationError as refused:
                form.add_error(None, refused)
            else:
                messages.success(request, _("The step is saved in the draft."))
                return redirect(f"{reverse('admin:chat_bot', args=[account.pk])}#step-{form.step.name}")
        found = [fault for fault in faults_of(draft, account) if opened and fault.step == opened.name]
        context = {
            "title": opened.name if opened else _("New step: %(kind)s") % {"kind": Kind(kind).label},
            "form": form,
            "faults": [] if form.is_bound else found,
            "opened": opened,
            "kind": Kind(kind).label,
            "kind_help": KINDS[Kind(kind)],
            "button_help": STEP["button"],
        }
        return self._render(request, account, "admin/chat/step.html", context, 422 if form.errors else 200)

    def _render(
        self, request: HttpRequest, account: Account, template: str, context: dict, status: int = 200
    ) -> HttpResponse:
        back = f"{reverse('admin:helpdesk_account_change', args=[account.pk])}#bot"
        shared = {**self.admin_site.each_context(request), "account": account, "back": back}
        return render(request, template, shared | context, status=status)
