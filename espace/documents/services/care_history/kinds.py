"""Kinds of care, as people tell them apart: the words of the column `kind` of the insurer's file."""

from espace.words import N_, Message

KINDS: dict[str, Message] = {
    "consultation": N_("Consultations and visits"),
    "procedure": N_("Medical procedures"),
    "medicines": N_("Medicines"),
    "laboratory": N_("Laboratory tests"),
    "imaging": N_("Imaging"),
    "nursing": N_("Nursing care"),
    "paramedical": N_("Rehabilitation and other care"),
    "dental": N_("Dental care"),
    "optical": N_("Glasses and lenses"),
    "hearing": N_("Hearing aids"),
    "hospital": N_("Hospital and clinic"),
    "transport": N_("Transport"),
    "equipment": N_("Equipment"),
    "other": N_("Other care"),
}
"""Every kind, in the order in which they are offered."""
