from datetime import UTC, datetime

import pytest
from django import forms
from django.template.loader import render_to_string
from django.utils import timezone


class Question(forms.Form):
    name = forms.CharField()
    email = forms.EmailField(required=False, help_text="Only to answer you.")
    consent = forms.BooleanField(label="I agree")
    channel = forms.ChoiceField(choices=[("mail", "Mail")], widget=forms.RadioSelect)
    origin = forms.CharField(widget=forms.HiddenInput, required=False)


def render_field(form: forms.Form, name: str) -> str:
    return render_to_string("includes/field.html", {"field": form[name]})


def test_field_label_is_exactly_the_label():
    assert '<label class="field__label" for="id_email">Email</label>' in render_field(Question(), "email")


def test_only_what_is_not_required_is_marked():
    marked = [name for name in ["name", "email"] if "optional" in render_field(Question(), name)]

    assert marked == ["email"]


def test_field_points_at_its_help_and_its_errors():
    html = render_field(Question({"email": "not an address"}), "email")

    assert 'aria-describedby="id_email_helptext id_email_error"' in html
    assert html.count('id="id_email_helptext"') == 1
    assert html.count('id="id_email_error"') == 1
    assert 'aria-invalid="true"' in html


def test_checkbox_stands_before_its_label():
    html = render_field(Question(), "consent")

    assert html.index("<input") < html.index("<label")


def test_radios_are_a_group_with_a_legend():
    html = render_field(Question({}), "channel")

    assert '<fieldset aria-describedby="id_channel_error">' in html
    assert '<legend class="field__label">Channel</legend>' in html


def test_hidden_field_has_nothing_around_it():
    assert render_field(Question(), "origin").strip() == '<input type="hidden" name="origin" id="id_origin">'


def test_what_was_typed_is_shown_as_text():
    html = render_field(Question({"name": "<b>Ann</b>"}), "name")

    assert 'value="&lt;b&gt;Ann&lt;/b&gt;"' in html


def test_error_summary_links_to_each_field_and_takes_the_focus():
    form = Question({"name": "Ann", "channel": "mail"})

    html = render_to_string("includes/form_errors.html", {"form": form})

    assert html.count("<li>") == 1
    assert '<a href="#id_consent">I agree: This field is required.</a>' in html
    assert 'role="alert" tabindex="-1" autofocus' in html


def test_error_summary_says_nothing_without_errors():
    assert render_to_string("includes/form_errors.html", {"form": Question()}).strip() == ""


@pytest.mark.parametrize(
    ("context", "sentence"),
    [
        ({"sentence": "Gone tomorrow"}, "Gone tomorrow"),
        ({"at_once": True}, "Erased as soon as it is closed"),
        ({"after": "30 days"}, "Erased 30 days after it is closed"),
        ({}, "Kept until somebody deletes it"),
    ],
)
def test_expiry_says_when(context, sentence):
    assert f"<span>{sentence}</span>" in render_to_string("includes/expiry.html", context)


def test_expiry_names_the_moment_for_machines_too():
    moment = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)

    html = render_to_string("includes/expiry.html", {"at": moment})

    assert 'Will be erased on <local-time full><time datetime="2026-03-01T12:30:00+00:00">' in html
    assert ">March 1, 2026, 12:30 p.m. UTC</time>" in html


def test_expiry_names_the_zone_in_which_it_tells_the_time():
    moment = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)

    with timezone.override("Asia/Kolkata"):
        html = render_to_string("includes/expiry.html", {"at": moment})

    assert ">March 1, 2026, 6 p.m. Asia/Kolkata</time>" in html
