"""What the forms of one category of data have in common: their name, and the names of their controls."""

from django import forms

from privacy.categories import Category


class OfCategory(forms.Form):
    """The controls of one category among others on a page, named such as ``chat_amount``."""

    category: str

    def add_prefix(self, field_name: str) -> str:
        return f"{self.prefix}_{field_name}"

    @property
    def label(self) -> str:
        return str(Category(self.category).label)
