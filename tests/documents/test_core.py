from flask import Flask
from datetime import date
from espace.documents import services as documents
from .house import *


def test_smoke(home: House, app: Flask) -> None:
    a = documents.add(home.holder, addition(content=picture(located=True)))
    d = deposited(home.doctor_here, content=pdf("a", "b"))
    assert [r.title for r in documents.page(home.holder).rows] == ["Ordonnance", "Radio du genou"]
    assert documents.document(home.doctor_here, d).pages == 2
    deposited(home.doctor_at_child, content=pdf("a", "b"), representatives_see=True)
    b = home.mother.browser(app)
    base = f"/dossiers/{home.mother.record_id}"
    p = b.get(base + "/")
    print(p.text)
    p = b.get(base + "/documents")
    print(p.text)
    p = b.get(f"{base}/documents/{d}")
    print(p.text, p.links)
    p = b.get(f"{base}/documents/{d}/pages/1")
    print(p.headers, len(p.body))
    p = b.get(f"{base}/documents/{a.id}/pages/1")
    print(p.headers, len(p.body))
    p = b.get(f"{base}/documents/{d}/contenu")
    print(p.headers, len(p.body))
    p = b.get(f"{base}/documents/{d}/contenu?original=1")
    print(p.headers, len(p.body))
    p = b.get(f"{base}/documents/{a.id}")
    print(p.text, p.links)
    p = b.get(f"{base}/documents/ajouter")
    print(p.text)
    p = b.submit(p.form("title"), {"title": "", "type_code": ""})
    print(p.status, p.text)
    p = home.doctor.browser(app).get(f"/pro/patients/{home.mother.record_id}/documents")
    print(p.text)
    assert 0
