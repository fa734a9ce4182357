from datetime import date
from espace.documents import services as documents
from espace.documents.services import AddDocument, DepositDocument
from .house import House, pdf, picture

def test_smoke(home: House) -> None:
    a = documents.add(home.holder, AddDocument("Radio", date(2026,1,3), "DOCPAT04", picture(located=True)))
    d = documents.deposit(home.doctor_here, DepositDocument(title="Ordonnance", date=date(2026,11,20), type_code="57833-6", content=pdf("a","b")))
    assert [r.title for r in documents.page(home.holder).rows] == ["Ordonnance","Radio"]
    assert [r.title for r in documents.page(home.doctor_here).rows] 
    assert documents.document(home.doctor_here, d).pages == 2
    assert documents.body(home.doctor_here, d).reader.read_all() == pdf("a","b")
    p = documents.page(home.holder, limit=1); assert p.next
    assert [r.id for r in documents.page(home.holder, before=p.next).rows] == [a.id]
    documents.deposit(home.doctor_at_child, DepositDocument(title="Ordonnance", date=date(2026,11,20), type_code="57833-6", content=pdf("a","b"), representatives_see=True))
