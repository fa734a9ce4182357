"""Operators themselves: who is invited, as what, and their first sign-in."""

import re
from collections.abc import Mapping

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, PasswordField, RadioField, StringField
from wtforms.validators import InputRequired

from espace.accounts.services.operators import NewOperator
from espace.errors import InvalidError
from espace.permissions import Role
from espace.web.forms import Form
from espace.web.identity_fields import asked, without_blanks
from espace.words import N_, Message

from .parts import choices

ROLES: Mapping[Role, Message] = {
    Role.COUNTER: N_("Counter"),
    Role.PRIVACY_OFFICER: N_("Privacy officer"),
    Role.ADMINISTRATOR: N_("Administrator"),
}


class RoleForm(Form):
    """What an operator is there for."""

    role = RadioField(
        _l("Role"), choices=choices(ROLES), validators=[InputRequired(_l("Choose a role."))], validate_choice=False
    )

    def chosen(self) -> Role:
        """The role chosen.

        Raises:
            InvalidError: when it is none of ours.
        """
        try:
            return Role(self.role.data or "")
        except ValueError:
            raise InvalidError({"role": N_("Choose a role.")}) from None


class InviteForm(RoleForm):
    """Who is invited."""

    name = StringField(_l("First name and family name"), asked(_l("Write the first name and the family name.")))
    email = StringField(_l("Professional e-mail address"), asked(_l("Write the e-mail address.")))

    def command(self) -> NewOperator:
        """Who is to be made an operator. Raises what `chosen` does."""
        return NewOperator(self.name.data or "", self.email.data or "", self.chosen())


class InvitationForm(Form):
    """The invitation as it came."""

    email = StringField(_l("Your e-mail address"), asked(_l("Write your e-mail address.")))
    code = StringField(_l("Code of the invitation"), asked(_l("Write the code of your invitation.")))


class PasswordForm(Form):
    """A password to choose. The service judges it."""

    password = PasswordField(_l("Your password"))


class AppForm(Form):
    """The six digits of the authenticator app."""

    code = StringField(_l("Code of 6 digits"), asked(_l("Write the code of 6 digits.")))

    def validate_code(self, field: StringField) -> None:
        """Six digits, blanks allowed."""
        if not field.errors and not re.fullmatch(r"\d{6}", self.digits, re.ASCII):
            field.errors = [*field.errors, gettext("The code has 6 digits, and nothing else.")]

    @property
    def digits(self) -> str:
        """The code without blanks."""
        return without_blanks(self.code.data or "")


class KeepForm(Form):
    """Recovery codes kept."""

    kept = BooleanField(
        _l("I have kept my 10 recovery codes"),
        [InputRequired(_l("Keep your codes first, then tick this box."))],
    )
