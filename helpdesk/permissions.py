"""Who may come in, from where, and to which pages. What they see there is decided by ``visible_to``."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from helpdesk.allowlist import is_allowed
from helpdesk.client_ip import ClientAddress
from helpdesk.models import Account, SupportGrant, User

View = Callable[..., HttpResponse]


def is_active(user: User) -> bool:
    """Tell whether a person may sign in at all: neither they nor their account are switched off."""
    return user.is_active and (user.account is None or user.account.is_active)


def admitted(user: User, address: ClientAddress) -> bool:
    """Tell whether a person may work from this address, now.

    A manager is let in where at least one of their accounts is open to the address; which ones they reach
    there says :func:`accounts_open_to`. Operators work for no account, so no account's list is theirs.
    """
    if not is_active(user):
        return False
    if user.account is not None:
        return is_allowed(user.account, address)
    if user.role == User.Role.MANAGER:
        accounts = list(user.managed_accounts.all())
        return not accounts or any(is_allowed(account, address) for account in accounts)
    return True


def accounts_open_to(user: User, address: ClientAddress) -> QuerySet[Account]:
    """Return the accounts that a person may reach from this address; all of them for an operator."""
    if not is_active(user):
        return Account.objects.none()
    if user.role == User.Role.OPERATOR:
        return Account.objects.all()
    accounts = Account.objects.filter(pk__in=user.account_ids())
    return accounts.filter(pk__in=[account.pk for account in accounts if is_allowed(account, address)])


def uses_admin(user: User) -> bool:
    """Tell whether a person's place is the admin."""
    return user.is_active and user.is_staff and user.role in User.STAFF_ROLES


def leads(user: User) -> bool:
    """Tell whether a person may change what their whole account shares: its owner and supervisors."""
    return user.role in {User.Role.OWNER, User.Role.SUPERVISOR}


def may_erase(user: User) -> bool:
    """Tell whether a person may erase a chat or ticket of their account by hand, whatever its term."""
    return leads(user)


def may_hold(user: User) -> bool:
    """Tell whether a person may put a chat, ticket or contact of their account on hold, and release it."""
    return leads(user)


def agent_required(view: View) -> View:
    """Let only people in who answer visitors; the anonymous are sent to the sign-in page first."""

    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return ask_to_sign_in(request)
        if not request.user.works_in_agent_pages:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    """Send the browser to the sign-in page; the whole page where htmx asked for a part."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponseClientRedirect(reverse("sign_in"))
    if request.method != "GET":  # nobody comes back to an address that only takes posts
        return redirect("sign_in")
    return redirect_to_login(request.get_full_path())


def reads_archive(user: User) -> bool:
    """Tell whether a person is named as one who may open the archive of their account."""
    return user.works_in_agent_pages and user.account.archive_readers.filter(user=user).exists()


def names_readers(user: User, account: Account) -> bool:
    """Tell whether a person may name those who open an account's archive: its owner and its managers.

    Operators run the deployment; who reads an account's archive is no matter of theirs.
    """
    if user.role == User.Role.OWNER:
        return user.account_id == account.pk
    return user.role == User.Role.MANAGER and account.pk in user.account_ids()


def grants_support(user: User, account: Account) -> bool:
    """Tell whether a person may let somebody of the house read their account's content: its owner alone."""
    return user.role == User.Role.OWNER and user.account_id == account.pk and is_active(user)


def support_grants_of(user: User, address: ClientAddress) -> QuerySet[SupportGrant]:
    """Return the grants under which a person may read content from this address, at this moment.

    The allowlist of the account counts for operators too: here they read what only its people read.
    """
    if not uses_admin(user):
        return SupportGrant.objects.none()
    grants = SupportGrant.objects.in_force().filter(user=user)
    accounts = Account.objects.filter(pk__in=grants.values("account"))
    return grants.filter(account__in=[each.pk for each in accounts if is_allowed(each, address)])
