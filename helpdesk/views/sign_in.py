"""Coming in, going out, and changing the password."""

from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required, login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from helpdesk.forms.sign_in import SignInForm
from helpdesk.models import User
from helpdesk.permissions import uses_admin
from helpdesk.services.people import change_password, note_sign_in


@login_not_required
@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Show the form; whoever passes goes where they wanted to, as far as that is a page of theirs."""
    if request.user.is_authenticated:
        return redirect(home_of(request.user))
    form = SignInForm(request, request.POST if request.method == "POST" else None)
    if form.is_valid():
        person = form.get_user()
        login(request, person)
        note_sign_in(person=person)
        return redirect(destination(request, person))
    wanted = request.POST.get("next", request.GET.get("next", ""))
    return render(request, "registration/sign_in.html", {"form": form, "next": wanted})


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("sign_in")


@login_required
@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def password_change(request: HttpRequest) -> HttpResponse:
    """Change one's own password; every other session of the person ends."""
    form = PasswordChangeForm(request.user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        change_password(
            person=request.user,
            password=form.cleaned_data["new_password1"],
            by=request.user,
            keep_session=request.session.session_key,
        )
        update_session_auth_hash(request, request.user)
        messages.success(request, _("Your password is changed. Other devices are signed out."))
        return redirect(home_of(request.user))
    frame = "agent/base.html" if request.user.works_in_agent_pages else "visitor/base.html"
    context = {"form": form, "frame": frame, "home": home_of(request.user)}
    return render(request, "registration/password_change.html", context)


def home_of(person: User) -> str:
    """Return the first page of somebody: the admin for managers and operators, the chats for agents."""
    return reverse("admin:index") if uses_admin(person) else reverse("agent_home")


def destination(request: HttpRequest, person: User) -> str:
    """Return where to go after signing in: the page of our own that was wanted, if open to them, or home."""
    wanted = request.POST.get("next", request.GET.get("next", ""))
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    closed = reverse("agent_home") if uses_admin(person) else reverse("admin:index")
    return wanted if safe and wanted.startswith("/") and not wanted.startswith(closed) else home_of(person)
