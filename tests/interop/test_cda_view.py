"""Clinical documents as they are shown: every element of the standard, nothing of what is hostile, never an error."""

import re
from collections.abc import Callable
from itertools import pairwise
from time import process_time

import lxml.html
import pytest
from flask import Flask, render_template_string

from espace.interop import cda_view
from espace.interop.cda import MAX_BYTES, CdaError
from espace.interop.cda_nodes import Inside, Node, Table
from espace.interop.cda_view import CdaView, When
from tests.support.clinical import PNG, clinical, patient, section

_PAGE = """{% from "documents/_cda.html" import cda_document %}<html lang="fr"><body><h1>Titre</h1>
{{ cda_document(view, "/documents/1") }}</body></html>"""
_ENTRY = """<entry><organizer classCode="BATTERY" moodCode="EVN"><code code="24331-1" displayName="Bilan lipidique"
 codeSystem="2.16.840.1.113883.6.1"/><component><observation classCode="OBS" moodCode="EVN"><code code="2093-3"
 codeSystem="2.16.840.1.113883.6.1"><originalText><reference value="#chol"/></originalText></code>
 <effectiveTime value="20251114"/><value xsi:type="PQ" value="6.2" unit="mmol/L"/><interpretationCode code="H"
 displayName="élevé"/><referenceRange><observationRange><value xsi:type="IVL_PQ"><high value="5.2" unit="mmol/L"/>
 </value></observationRange></referenceRange></observation></component></organizer></entry>"""
_PICTURE = f"""<entry><observationMedia classCode="OBS" moodCode="EVN" ID="courbe"><value mediaType="image/png"
 representation="B64">{PNG}</value></observationMedia></entry>"""
_REPORT = """Prélèvement du matin.
<table ID="t"><caption>Lipides</caption><thead><tr><th>Examen</th><th colspan="2">Résultat</th></tr></thead>
<tbody><tr><th rowspan="2" ID="chol">Cholestérol total<footnoteRef IDREF="n1"/></th><td align="right">6,2</td>
<td styleCode="Botrule">mmol/L</td></tr><tr><td>2,4</td><td>g/L</td></tr></tbody></table>
<list listType="ordered" styleCode="LittleAlpha"><caption>Conclusion</caption><item>Voir <linkHtml href="#chol">le
 total</linkHtml></item><item>Eau H<sub>2</sub>O et 10<sup>3</sup><list><item>point</item></list></item></list>
<paragraph><caption>Remarque</caption><content styleCode="Bold Italics">À jeun</content><footnote ID="n1">Méthode
 enzymatique.</footnote><br/>Suite <content revised="delete">ancien</content></paragraph>
<renderMultiMedia referencedObject="courbe"><caption>Évolution</caption></renderMultiMedia>"""


@pytest.fixture
def written(web: Callable[[bool], Flask]) -> Callable[[CdaView], lxml.html.HtmlElement]:
    """How a document is written on its page."""

    def write(view: CdaView) -> lxml.html.HtmlElement:
        with web(False).test_request_context("/", headers={"Accept-Language": "en"}):
            page = render_template_string(_PAGE, view=view)
        return lxml.html.fromstring(page)

    return write


Written = Callable[[CdaView], lxml.html.HtmlElement]


def everything(inside: Inside) -> list[Node | Table | str]:
    """Every piece of a narrative, however deep."""
    found: list[Node | Table | str] = []
    for each in inside:
        found.append(each)
        if isinstance(each, Table):
            rows = [*each.head, *(row for group in each.groups for row in group)]
            found += everything(each.caption) + [p for row in rows for cell in row for p in everything(cell.inside)]
        elif isinstance(each, Node):
            found += everything(each.inside)
    return found


def test_the_header_says_for_whom_by_whom_and_when() -> None:
    head = cda_view.read(clinical(section("x"))).head
    assert (head.title, head.kind, head.language, head.version) == (
        "Bilan lipidique",
        "CR d'examens biologiques",
        "fr-FR",
        1,
    )
    assert head.unique_id == "1.2.250.1.999.3^1"
    [who] = head.patients
    assert (who.name, who.birth_name, who.first_names, who.sex) == ("CLAIRE FONTENAY", "FONTENAY", "CLAIRE MARIE", "F")
    assert who.birth is not None
    assert str(who.birth.day) == "1988-03-14"
    assert [(actor.role, actor.name, actor.organisation) for actor in head.actors] == [
        ("author", "Dr Paul Petit", "Laboratoire du Parc"),
        ("custodian", "", "Laboratoire du Parc"),
    ]


def test_a_narrative_of_every_element_of_the_standard_is_written_accessibly(written: Written) -> None:
    inner = section("<paragraph>Détail</paragraph>", title="Méthode")
    view = cda_view.read(clinical(section(_REPORT, _ENTRY + _PICTURE, inner=inner)))
    page = written(view)
    assert [(h.tag, h.text_content()) for h in page.iter("h2", "h3")] == [
        ("h2", "Biochimie"),
        ("h3", "Méthode"),
        ("h2", "Notes"),
    ]
    [table] = page.iter("table")
    assert table.find("caption").text_content() == "Lipides"
    assert [th.get("scope") for th in table.iter("th")] == ["col", "colgroup", "rowgroup"]
    assert [(td.get("class"), td.get("colspan")) for td in table.iter("td")][:2] == [("end", None), ("rb", None)]
    assert [ol.get("type") for ol in page.iter("ol")] == ["a", None]
    assert {"sub", "sup", "b", "i", "del", "br", "ul"} <= {
        element.tag for element in page.iter(lxml.html.etree.Element)
    }
    [picture] = page.iter("img")
    assert (picture.get("src"), bool(picture.get("alt"))) == ("/documents/1/images/1", True)
    assert page.find(".//figcaption").text_content() == "Évolution"
    assert {d.get("lang") for d in page.find_class("told") if d.tag == "div"} == {"fr-FR"}
    _leads_nowhere_else(page)


@pytest.mark.parametrize(
    ("columns", "cell", "folds"),
    [(4, "<td>x</td>", True), (9, "<td>x</td>", True), (3, "<td>x</td>", False), (9, '<td colspan="2">x</td>', False)],
)
def test_a_plain_table_of_four_columns_or_more_may_stand_as_lists(
    columns: int, cell: str, folds: bool, written: Written
) -> None:
    head = "".join(f"<th>Titre <content>{number}</content></th>" for number in range(columns))
    table = f"<table><thead><tr>{head}</tr></thead><tbody><tr>{cell * columns}</tr></tbody></table>"
    page = written(cda_view.read(clinical(section(table))))
    labels = [td.get("data-l") for td in page.iter("td")]
    assert labels == ([f"Titre {number}" for number in range(columns)] if folds else [None] * columns)
    [box] = page.find_class("roll")
    assert (box.get("tabindex"), bool(box.get("aria-label"))) == ("0", True)


def test_footnotes_lead_there_and_back(written: Written) -> None:
    page = written(cda_view.read(clinical(section(_REPORT))))
    [note] = page.xpath("//li[starts-with(@id, 'note-')]")
    marks = page.xpath(f"//sup/a[@href='#{note.get('id')}']")
    backs = [a.get("href") for a in note.iter("a")]
    assert [f"#{mark.get('id')}" for mark in marks] == backs
    assert len(backs) == 2
    assert all(a.get("aria-label") for a in [*marks, *note.iter("a")])


def test_coded_entries_stand_beside_the_narrative_in_words(written: Written) -> None:
    view = cda_view.read(clinical(section(_REPORT, _ENTRY)))
    [group] = view.sections[0].entries
    [result] = group.inside
    assert (group.label, group.system, group.code) == ("Bilan lipidique", "LOINC", "24331-1")
    assert result.label.startswith("Cholestérol total")
    assert (result.values, result.usual) == (("6.2 mmol/L", "élevé"), "≤ 5.2 mmol/L")
    details = written(view).find(".//section/details")
    assert "6.2 mmol/L" in details.text_content()


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('<observation moodCode="EVN"><code displayName="Fumeur"/><value xsi:type="BL" value="false"/>', (False, ())),
        ('<observation moodCode="EVN"><code displayName="P"/><value xsi:type="BL" value="true"/>', (True, ())),
        (('<observation><code displayName="T"/><value xsi:type="IVL_PQ"><low value="60" unit="/min"/><high value="100"'
         ' unit="/min"/></value>'), (None, ("60 – 100 /min",))),
        ('<observation><code displayName="D"/><value xsi:type="TS" value="20250102"/>', (None, ("02/01/2025",))),
        ('<observation><code displayName="S"/><value xsi:type="ST">à revoir</value>', (None, ("à revoir",))),
        (('<observation><code displayName="R"/><value xsi:type="RTO"><numerator value="1"/><denominator value="8"/>'
         "</value>"), (None, ("1 / 8",))),
        ('<observation><code displayName="C"/><value xsi:type="CD" code="1" displayName="asthme"/>',
         (None, ("asthme",))),
    ],
)  # fmt: skip
def test_a_value_of_each_type_is_said(entry: str, said: tuple[bool | None, tuple[str, ...]]) -> None:
    view = cda_view.read(clinical(section("x", f"<entry>{entry}</observation></entry>")))
    [found] = view.sections[0].entries
    assert (found.answer, found.values) == said


def test_brackets_of_the_standard_say_nothing_and_remarks_say_their_words() -> None:
    entry = """<entry><act><code code="CONC" codeSystem="2.16.840.1.113883.5.6"/><entryRelationship><observation>
    <code code="ASSERTION" codeSystem="2.16.840.1.113883.5.4"/><value xsi:type="CD" displayName="Asthme"/>
    </observation></entryRelationship><entryRelationship><act><code displayName="Commentaire"/>
    <text><reference value="#c"/></text></act></entryRelationship></act></entry>"""
    narrative = '<paragraph ID="c">À revoir</paragraph>'
    found = cda_view.read(clinical(section(narrative, entry))).sections[0].entries
    assert [(one.label, one.values, one.code) for one in found] == [
        ("", ("Asthme",), ""),
        ("Commentaire", ("À revoir",), ""),
    ]


def test_a_medicine_says_its_name_its_dose_and_its_way() -> None:
    entry = """<entry><substanceAdministration moodCode="INT" negationInd="true"><statusCode code="aborted"/>
    <effectiveTime xsi:type="IVL_TS"><low value="20250102"/><high value="20250110"/></effectiveTime>
    <effectiveTime xsi:type="PIVL_TS" operator="A"><period value="12" unit="h"/></effectiveTime>
    <routeCode displayName="orale"/><doseQuantity value="2" unit="cp"/><consumable><manufacturedProduct>
    <manufacturedMaterial><code code="C07" codeSystem="2.16.840.1.113883.6.73" displayName="aténolol"/>
    </manufacturedMaterial></manufacturedProduct></consumable></substanceAdministration></entry>"""
    [found] = cda_view.read(clinical(section("x", entry))).sections[0].entries
    assert (found.label, found.system, found.values) == ("aténolol", "ATC", ("2 cp", "orale"))
    assert (found.is_planned, found.is_denied, found.status, found.every) == (True, True, "aborted", "12 h")
    assert found.when is not None
    assert found.when.until is not None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("<given>KARIM</given><family>BELHADJ</family><suffix>DR</suffix>", "DR KARIM BELHADJ"),
        ("<prefix>MME</prefix><given>Claire </given><family>Martin</family>", "MME Claire Martin"),
        ("<given>Patty</given><family>Primary</family><suffix>M.D.</suffix>", "Patty Primary M.D."),
        ("Laboratoire\n du Parc", "Laboratoire du Parc"),
        ('<family qualifier="BR">A</family><given>B C</given><given qualifier="BR">B</given>', "B A"),
        ('<family qualifier="BR">A</family><family qualifier="CL">D</family><given qualifier="CL">B</given>', "B D"),
        ("", ""),
    ],
)
def test_names_are_said_as_people_say_them(name: str, said: str) -> None:
    plain = b"<prefix>Dr</prefix><given>Paul</given><family>Petit</family>"
    actors = cda_view.read(clinical(section("x")).replace(plain, name.encode())).head.actors
    assert actors[0].name == said


def test_two_patients_are_both_shown_and_warned_of(written: Written) -> None:
    view = cda_view.read(clinical(section("x"), patient() + patient(name="MARTIN", birth="19900101")))
    assert [who.birth_name for who in view.head.patients] == ["FONTENAY", "MARTIN"]
    assert "several people" in written(view).text_content()


@pytest.mark.parametrize(
    ("value", "when"),
    [
        ("2025", When(text="2025")),
        ("202503", When(text="03/2025")),
        ("20251399", When(text="20251399")),
        ("hier", When(text="hier")),
        ("00000101", When(text="00000101")),
    ],
)
def test_a_date_is_as_precise_as_it_was_written(value: str, when: When) -> None:
    content = clinical(section("x")).replace(b"20251114083000+0100", value.encode())
    assert cda_view.read(content).head.when == when


HOSTILE = [
    "<script>alert(1)</script>",
    "<style>body{display:none}</style>",
    '<paragraph onclick="alert(1)" style="position:fixed">x</paragraph>',
    '<linkHtml href="javascript:alert(1)">x</linkHtml>',
    '<linkHtml href=" jAvAscript:alert(1)">x</linkHtml>',
    '<linkHtml href="java&#9;script:alert(1)">x</linkHtml>',
    '<linkHtml href="data:text/html,x">x</linkHtml>',
    '<linkHtml href="https://a@evil.example/">x</linkHtml>',
    '<linkHtml href="https://evil.example\\@good.example/">x</linkHtml>',
    '<linkHtml href="//evil.example/x">x</linkHtml>',
    '<linkHtml href="http://[::1">x</linkHtml>',
    '<linkHtml href="#nowhere">x</linkHtml>',
    '<img xmlns="http://www.w3.org/1999/xhtml" src="https://evil.example/x" onerror="alert(1)"/>',
    '<iframe src="https://evil.example">x</iframe>',
    '<renderMultiMedia referencedObject="nothing"/>',
    '<content ID="contenu&quot;&gt;&lt;script&gt;">x</content>',
    '<content language="fr&quot; onclick=&quot;x">x</content>',
    '<content styleCode="Bold&quot; onclick=&quot;x">x</content>',
    '<td colspan="99999999999999999999" rowspan="-1">x</td>',
    '<table><tr><td colspan="1e9" styleCode="&lt;b&gt;">x</td></tr></table>',
    '<footnoteRef IDREF="none"/><footnoteRef/>',
    '<footnote ID="f">a<footnoteRef IDREF="f"/></footnote>',
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    '<object data="x"><embed src="x"/></object>',
]


@pytest.mark.parametrize("narrative", HOSTILE)
def test_nothing_of_a_hostile_narrative_acts_or_leads_away(narrative: str, written: Written) -> None:
    content = clinical(
        section(narrative), before='<?xml-stylesheet type="text/xsl" href="https://evil.example/x.xsl"?>'
    )
    page = written(cda_view.read(content))
    assert not list(page.iter("script", "style", "iframe", "object", "embed", "link", "form"))
    for element in page.iter(lxml.html.etree.Element):
        assert not [name for name in element.attrib if name.startswith("on") or name == "style"]
        assert not re.match(r"\s*(javascript|data|vbscript):", element.get("href", ""), re.IGNORECASE)
    _leads_nowhere_else(page)


@pytest.mark.parametrize("element", ["paragraph", "list", "item", "content", "table", "section", "unknown"])
def test_a_very_deep_narrative_is_written_flat(element: str, written: Written) -> None:
    deep = f"<{element}>" * 180 + "fond" + f"</{element}>" * 180
    assert "fond" in written(cda_view.read(clinical(section(deep)))).text_content()


@pytest.mark.parametrize(
    "narrative",
    [
        "<table>un<thead>deux<tr>trois<th>quatre</th>cinq<b>six</b></tr></thead><tr><td>sept</td>huit</tr></table>neuf",
        "<list>un<item>deux</item>trois<b>quatre</b><caption>cinq</caption></list>six",
        "<table><caption>un</caption></table><list><caption>deux</caption></list><td>trois</td><item>quatre</item>",
    ],
)
def test_words_at_a_place_that_is_none_are_not_lost(narrative: str, written: Written) -> None:
    said = written(cda_view.read(clinical(section(narrative)))).text_content()
    for word in re.findall(r">?(un|deux|trois|quatre|cinq|six|sept|huit|neuf)<", narrative):
        assert word in said


def test_very_deep_sections_and_entries_end_somewhere(written: Written) -> None:
    inner = ""
    for number in range(60):
        inner = section("x", title=f"S{number}", inner=inner)
    entry = "<observation><code displayName='e'/><entryRelationship>" * 40
    entry += "</entryRelationship></observation>" * 40
    page = written(cda_view.read(clinical(section("y", f"<entry>{entry}</entry>", inner=inner))))
    assert page.find(".//h6") is not None


def test_a_very_long_narrative_is_shown_from_its_beginning_and_says_so(written: Written) -> None:
    many = "<paragraph>" + "mot " * 50 + "</paragraph>"
    content = clinical(section("<paragraph>Début</paragraph>" + many * 45_000))
    assert 8_000_000 < len(content) < MAX_BYTES
    begun = process_time()
    view = cda_view.read(content)
    assert process_time() - begun < 8
    assert view.is_cut
    assert sum(len(each) for each in everything(view.sections[0].narrative) if isinstance(each, str)) <= 1_500_000
    assert "only its beginning" in written(view).text_content()


def test_fifty_megabytes_are_refused_unread() -> None:
    with pytest.raises(CdaError, match="too-large"):
        cda_view.read(clinical(section("x" * 50_000_000)))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (clinical(section("x"), before='<!DOCTYPE a [<!ENTITY b "c">]>'), "dtd"),
        (clinical(section("x"), before='<!DOCTYPE a SYSTEM "http://evil.example/a.dtd">'), "dtd"),
        (b"", "not-xml"),
        (b"<a/>", "not-cda"),
        (b"<component><x/></component>", "not-cda"),
        (clinical(section("<b>" * 250 + "</b>" * 250)), "too-deep"),
        (clinical(section("<br/>" * 200_001)), "too-deep"),
        (clinical(section("&nbsp;")), "not-xml"),
    ],
)
def test_what_is_no_clinical_document_is_refused_with_its_reason(content: bytes, kind: str) -> None:
    for reading in (cda_view.read, cda_view.plain_text):
        with pytest.raises(CdaError) as refused:
            reading(content)
        assert refused.value.kind == kind


def test_marks_that_turn_the_reading_order_are_dropped_and_other_writings_kept() -> None:
    content = clinical(section("<paragraph>\u202e2,6 \u2067نتيجة\u2069 🧪</paragraph>"), title="\u202eDébut 🧪")
    view = cda_view.read(content)
    assert view.head.title == "Début 🧪"
    assert [each for each in everything(view.sections[0].narrative) if isinstance(each, str)] == ["2,6 نتيجة 🧪"]


def test_files_inside_are_numbered_taken_out_and_known_by_their_bytes() -> None:
    other = _PICTURE.replace("courbe", "autre").replace("image/png", "text/html")
    remote = '<entry><observationMedia ID="loin"><value><reference value="https://evil.example/x.png"/></value></observationMedia></entry>'
    broken = '<entry><observationMedia ID="mal"><value representation="B64">@@@</value></observationMedia></entry>'
    content = clinical(section("", _PICTURE + other + remote + broken))
    view = cda_view.read(content)
    assert [(a.media, a.is_elsewhere) for a in view.attachments] == [
        ("image/png", False),
        ("image/png", False),
        ("application/octet-stream", True),
        ("application/octet-stream", True),
    ]
    assert view.sections[0].attachments == (1, 2, 3, 4)
    assert cda_view.attachment(content, 2)[0] == "image/png"
    for number in (-1, 0, 3, 4, 5):
        with pytest.raises(LookupError):
            cda_view.attachment(content, number)


def test_the_words_alone_stand_section_by_section_in_the_order_of_the_page() -> None:
    inner = section("<paragraph>Détail</paragraph>", title="Méthode")
    content = clinical(section(_REPORT, inner=inner) + section("", _ENTRY, title="Codes"))
    head, first, second, third = cda_view.plain_text(content)
    assert "Bilan lipidique" in head
    assert "Dr Paul Petit" in head
    assert "Cholestérol total" in first.split("\n")[3]
    assert second == "Méthode\nDétail"
    assert "Bilan lipidique" in third
    view = cda_view.read(content)
    anchors = [view.sections[0].anchor, view.sections[0].sections[0].anchor, view.sections[1].anchor]
    assert anchors == ["partie-1", "partie-2", "partie-3"]


def _leads_nowhere_else(page: lxml.html.HtmlElement) -> None:
    """Every link within the page arrives; each identifier stands once; other links are of the web and say so."""
    ids = [element.get("id") for element in page.iter(lxml.html.etree.Element) if element.get("id")]
    assert len(ids) == len(set(ids))
    for link in page.iter("a"):
        address = link.get("href")
        if address.startswith("#"):
            assert address[1:] in ids
        elif not address.startswith("/documents/1/images/"):
            assert address.startswith(("http://", "https://"))
            assert "noreferrer" in link.get("rel")
    levels = [int(heading.tag[1]) for heading in page.iter("h1", "h2", "h3", "h4", "h5", "h6")]
    assert all(after <= before + 1 for before, after in pairwise(levels))
