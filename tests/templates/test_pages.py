import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.template.loader import get_template, render_to_string
from django.urls import reverse

from tests import factories

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STATIC = re.compile(r"""{% static ['"]([^'"]+)['"]""")
ICON = re.compile(r'icon.html" with name=(?:\w+[|]default:)?"(\w+)"|\bicon="(\w+)"')
INLINE = re.compile(r"<style|\sstyle=|\son(?!ly|ce)\w+=|<script(?![^>]*\ssrc=)", re.IGNORECASE)


@pytest.mark.parametrize("name", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html"])
def test_error_page_renders_without_any_context(name):
    html = render_to_string(name)

    assert html.count("<h1>") == 1
    assert 'href="#main"' in html


def test_every_template_compiles():
    names = {str(path.relative_to(ROOT / "templates")) for path in TEMPLATES}

    assert {get_template(name).template.name for name in names} == names


def test_every_static_file_named_in_a_template_exists():
    named = {name for path in TEMPLATES for name in STATIC.findall(path.read_text())}

    assert "css/tokens.css" in named
    assert {name for name in named if not finders.find(name)} == set()


def test_no_template_holds_script_or_style():
    assert {path.name for path in TEMPLATES if INLINE.search(path.read_text())} == set()


def test_every_icon_named_in_a_template_is_drawn():
    drawn = set(re.findall(r'<symbol id="(\w+)"', (ROOT / "static/img/icons.svg").read_text()))

    named = {"".join(names) for path in TEMPLATES for names in ICON.findall(path.read_text())}

    assert "wave" in named
    assert named - drawn == set()


def test_name_in_the_title_turns_nothing_and_stays_escaped(db, agent, agent_client, account):
    name = "Vera \u202egpj.exe\u2066 <b>"
    chat = factories.chat(account, agent=agent, contact=factories.contact(account, name=name))

    page = agent_client.get(reverse("chat_detail", args=[chat.pk])).content.decode()

    assert re.search("<title>(.*)</title>", page).group(1) == "Vera gpj.exe &lt;b&gt; · Lethe"


def test_name_of_an_account_turns_nothing_in_titles(client, account):
    account.name = "Bramble \u202eskooB"
    account.save()

    page = client.get(reverse("chat_page", args=[account.public_id])).content.decode()
    script = client.get(reverse("loader", args=[account.public_id])).content.decode()

    assert "<title>Bramble skooB</title>" in page
    assert '"title": "Chat with Bramble skooB"' in script
