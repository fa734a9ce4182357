"""The demo's secure mail, really carried: written in a box and delivered, or brought by the other operator."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from uuid import UUID, uuid4

from sqlalchemy import select

from espace import clock, db
from espace.documents import services as documents
from espace.interop import xdm_write
from espace.interop.mail_letter import XDM_NAME, Address, NewLetter, Part
from espace.interop.mail_read import read
from espace.interop.mail_write import write
from espace.messaging.models import Conversation
from espace.messaging.services import boxes
from espace.messaging.services.boxes import Box, BoxKind, MailboxFacts
from espace.messaging.services.incoming.delivering import deliver as bring_in
from espace.messaging.services.operators import trust_desk
from espace.messaging.services.operators.trust_files import ListKind
from espace.messaging.services.outgoing import sending
from espace.messaging.services.places import place_of
from espace.messaging.services.practice import assigning, choosing, mailboxes, members, templates
from espace.messaging.services.practice.mailboxes import NewMailbox
from espace.messaging.services.practice.templates import Template
from espace.messaging.services.reading import threads
from espace.people import services as people
from espace.permissions import Actor, Role

from . import office, pages, structured
from .acting import BuildError, Stage, deliver, later
from .cast import AGENTS, DIRECTORY, GONE, HERE, Pro, Someone
from .filing import header
from .operator import white_list
from .papers import Paper, heading, table, text
from .story import ALL, Event
from .threads import TEAMS, THREADS, Brought, Line, Team, Thread

_LETTER, _RESULTS = "51845-6", "11502-2"
_RESULT_ROWS = (("TSH", "2,41", "mUI/L", "2,87"), ("T4 libre", "14,2", "pmol/L", "13,8"))
_MOVED_IN = 1000
"""How many days ago the house began with secure mail."""
_OUTSIDE = {pro.key: pro for pro in (*DIRECTORY.values(), GONE) if not pro.mssante.endswith(f"@{HERE}")}


def events(stage: Stage) -> Iterator[Event]:
    """Every message at its time, what is made of it, and the mailboxes before."""
    post = _Post(stage)
    yield Event(stage.moment(_MOVED_IN, 7), _trust, alone=True)
    yield Event(stage.moment(_MOVED_IN, 8), mailboxes.open_everybody, alone=True)
    for minute, team in enumerate(TEAMS.values()):
        yield Event(stage.moment(_MOVED_IN, 9, minute), partial(_make, stage, team), alone=True)
    yield Event(stage.moment(200, 12), partial(_promise, stage, "gp", 2), alone=True)
    yield Event(stage.moment(5, 12), partial(_go_away, stage, "nurse"), alone=True)
    for place, thread in enumerate(THREADS):
        for line in thread.lines:
            at = stage.moment(line.ago, line.hour, (line.minute or place) % 60)
            yield Event(at, partial(post.say, thread, line), alone=True)


def _trust() -> None:
    """The other operator comes on the white list: one proposes, another confirms."""
    first, second = (
        office.actor_of(next(agent for agent in AGENTS if agent.role == role))
        for role in (Role.ADMINISTRATOR, Role.PRIVACY_OFFICER)
    )
    proposed = trust_desk.propose(first, ListKind.OPERATORS, white_list(), "operateurs.csv")
    trust_desk.confirm(second, proposed.id, trust_desk.seen(proposed.id))


def _actor(stage: Stage, key: str) -> Actor:
    """A professional at their first place, who came in through the provider just now."""
    found = stage.professional(key)
    return replace(people.actor_of(found, found.structures[0]), proved_at=clock.now())


def _make(stage: Stage, team: Team) -> None:
    actor, place = _actor(stage, team.leader), stage.professional(team.leader).structures[0]
    made = mailboxes.make(actor, NewMailbox(BoxKind(team.kind), team.local, HERE, team.name, place.id))
    for key in team.members:
        members.add(actor, made, stage.professional(key).id)
    facts = boxes.mailbox_of(actor, made)
    _choose(actor, facts, choosing.Choices(facts.name, reply_days=team.reply_days))
    for name, words in team.texts:
        templates.save(boxes.box_of_mailbox(actor, made), Template(name, name, words))


def _promise(stage: Stage, key: str, days: int) -> None:
    actor, facts = _own(stage, key)
    _choose(actor, facts, choosing.Choices(facts.name, reply_days=days))


def _go_away(stage: Stage, key: str) -> None:
    actor, facts = _own(stage, key)
    words = "Bonjour,\n\nJe suis absente jusqu'à la fin de la semaine. Pour un soin, appelez le cabinet."
    until = date.fromordinal(stage.today.toordinal() + 4)
    away = choosing.Choices(facts.name, absence=words, absent_from=clock.today(), absent_until=until)
    _choose(actor, facts, away)


def _choose(actor: Actor, facts: MailboxFacts, choices: choosing.Choices) -> None:
    choosing.change(actor, facts.id, choices, version=facts.version)


def _own(stage: Stage, key: str) -> tuple[Actor, MailboxFacts]:
    facts = boxes.mailbox_at(DIRECTORY[key].mssante)
    if facts is None:
        raise BuildError(f"{key} has no mailbox")
    return _actor(stage, key), facts


@dataclass
class _Post:
    """Who carries the messages, and knows which conversation is which in every box."""

    stage: Stage
    _known: dict[tuple[str, UUID], UUID] = field(default_factory=dict)
    _ids: dict[str, list[str]] = field(default_factory=dict)

    def say(self, thread: Thread, line: Line) -> None:
        """Write one message of a thread, have it delivered, and opened where its receivers did."""
        to = line.to or tuple(side for side in thread.sides if side != line.who)
        if line.who in _OUTSIDE:
            self._from_outside(thread, line, to)
        else:
            self._from_here(thread, line, to)
        deliver()
        inside = [side for side in to if side not in _OUTSIDE]
        for side in inside:
            box = self._box(thread, side)
            self._known.setdefault((thread.subject, box.id), _newest(box))
        if line.read:
            with later(95):
                for side in inside:
                    self._open(thread, side)

    def _from_here(self, thread: Thread, line: Line, to: tuple[str, ...]) -> None:
        box = self._box(thread, line.who, line.hand)
        known = self._known.get((thread.subject, box.id))
        newest = documents.page(box.standing).rows if line.brings is Brought.PRESCRIPTION and box.standing else []
        sent = sending.send(
            box,
            sending.Outgoing(
                to=[self._address(side) for side in to],
                key=uuid4(),
                subject=thread.subject,
                text=line.text,
                parts=self._parts(thread, line),
                documents=[one.id for one in newest if one.class_code == sending.PRESCRIPTION][:1],
                conversation_id=known,
                secret=thread.secret,
            ),
        )
        self._known[thread.subject, box.id] = sent.conversation_id

    def _from_outside(self, thread: Thread, line: Line, to: tuple[str, ...]) -> None:
        pro = _OUTSIDE[line.who]
        before = (*self._ids.get(thread.subject, ()), *self._come(thread, pro))
        subject = f"{'Re: ' if before else ''}{thread.subject}"
        if line.brings is Brought.RESULTS:
            subject = f"XDM/1.0/DDM {subject}"
        letter = NewLetter(
            message_id=f"<{uuid4()}@{pro.mssante.partition('@')[2]}>",
            sender=Address(pro.mssante, pro.name),
            to=tuple(map(self._address, to)),
            subject=f"[FIN] {subject}" if line.ends else subject,
            text=line.text,
            date=clock.now().replace(microsecond=0),
            in_reply_to=before[-1] if before else "",
            references=before,
            parts=self._parts(thread, line),
        )
        self._ids[thread.subject] = [*before, letter.message_id]
        bring_in(read(write(letter)), [place_of(one.address) for one in letter.to], sender=pro.mssante)

    def _come(self, thread: Thread, pro: Pro) -> list[str]:
        """The Message-ID of what came last to the other operator in this thread."""
        found = self.stage.mailbox.newest_outside(limit=20)
        return [mail.id for mail in found if mail.to == pro.mssante and thread.subject in mail.subject][:1]

    def _open(self, thread: Thread, side: str) -> None:
        """Whoever reads there opens the conversation, takes it up for the team, or puts it away in the end."""
        box = self._box(thread, side, thread.taken if side in TEAMS else thread.readers.get(side, ""))
        known = self._known[thread.subject, box.id]
        threads.thread(box, known)
        if side in TEAMS and thread.taken:
            assigning.take(box, known)
        if side in thread.archived:
            threads.archive(box, known)

    def _box(self, thread: Thread, side: str, hand: str = "") -> Box:
        if side in ALL:
            hand = hand or thread.readers.get(side, side)
            return boxes.box_of(self.stage.as_patient(ALL[hand], ALL[side]))
        facts = boxes.mailbox_at(self._address(side).address)
        if facts is None:
            raise BuildError(f"{side} has no mailbox")
        team = TEAMS.get(side)
        return boxes.box_of_mailbox(_actor(self.stage, hand or (team.leader if team else side)), facts.id)

    def _address(self, side: str) -> Address:
        if side in ALL:
            return Address(boxes.patient_address(ALL[side].ins(self.stage.today)), ALL[side].name)
        if side in TEAMS:
            return Address(f"{TEAMS[side].local}@{HERE}", TEAMS[side].name)
        pro = _OUTSIDE.get(side) or DIRECTORY[side]
        return Address(pro.mssante, pro.name)

    def _parts(self, thread: Thread, line: Line) -> tuple[Part, ...]:
        about = next((ALL[side] for side in thread.sides if side in ALL), ALL["retired"])
        author = line.hand or line.who
        if line.brings is Brought.LETTER:
            return (_page(self._paper(author, line.name, _LETTER, *map(text, line.about)), about, self.stage.today),)
        if line.brings is Brought.RESULTS:
            results = table(("Analyse", "Résultat", "Unité", "Précédent"), *_RESULT_ROWS)
            paper = self._paper(author, line.name, _RESULTS, heading("Hormones"), results)
            return (_archive(paper, about, self.stage.today), _page(paper, about, self.stage.today))
        return ()

    @staticmethod
    def _paper(author: str, title: str, type_code: str, *blocks: dict[str, object]) -> Paper:
        return Paper(day=clock.today(), type_code=type_code, title=title, author=author, blocks=blocks)


def _newest(box: Box) -> UUID:
    """The conversation in which something came last."""
    latest = (
        select(Conversation.id)
        .where(Conversation.box_id == box.id, Conversation.in_at.is_not(None))
        .order_by(Conversation.in_at.desc(), Conversation.id.desc())
        .limit(1)
    )
    with db.read() as tx:
        return tx.execute(latest).scalar_one()


def _page(paper: Paper, about: Someone, today: date) -> Part:
    return Part(f"{paper.title}.pdf", "application/pdf", pages.file(paper, about, today))


def _archive(paper: Paper, about: Someone, today: date) -> Part:
    """The same for software: a clinical document in an archive (rules.md MS-12)."""
    head = header(about, paper, today, unique_id=f"2.25.{uuid4().int}")
    kind = documents.types()[paper.type_code]
    document = xdm_write.Outgoing(structured.document(head, paper), head, kind.class_code, kind.class_label, "text/xml")
    words = f"{paper.title}, {DIRECTORY[paper.author].name}"
    return Part(XDM_NAME, "application/zip", xdm_write.pack([document], at=clock.now(), index=words, readme=words))
