"""What a reader says of their folders."""

from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import StringField

from espace.web.forms import Form


class FolderForm(Form):
    """The name of a folder."""

    name = StringField(_l("Name of the folder"))


class KeepForm(Form):
    """Where a document is put: the folder chosen, or the name of a new one."""

    dossier = StringField(_l("Folder"))
    name = StringField(_l("Or a new folder"))

    @property
    def folder_id(self) -> UUID | None:
        """The folder chosen; None for none. What is no id is nobody's folder."""
        chosen = (self.dossier.data or "").strip()
        if not chosen:
            return None
        try:
            return UUID(chosen)
        except ValueError:
            return UUID(int=0)
