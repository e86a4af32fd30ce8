"""What stands beside a task's form: the invoice, what was found, who said what before.

Invariant: the panel shows only what the E-Akte lets this person see, and the access is recorded
before the content leaves. What was found is what was found on the day of the check: no view checks
anew. All of it is made by templates that escape.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from bpmn.values import Value
from eakte.access import may
from eakte.beteiligung import schritte
from eakte.dokumente import dokument_head, read_dokument
from eakte.readlog import record_access
from eakte.search import dokumente_in
from eakte.tables import vorgang
from engine import queries
from identity.access import permits
from identity.persons import display_names
from identity.principal import Principal, system_principal
from invoice.checking import Verdict
from invoice.documents import read_document
from invoice.model import Invoice
from invoice.pdf.reading import is_pdf
from invoice.rendering import invoice_html
from invoice.skonto import skonti
from processes.package import PanelFile, TaskPanel
from processes.rechnungseingang import letters, outgoing, receipts, status
from processes.rechnungseingang.amounts import german, parse_amount
from processes.rechnungseingang.dates import (
    CLARIFY_WORKING_DAYS,
    KASSE_WORKING_DAYS,
    local_day,
    order_by,
    skonto_until,
)
from processes.rechnungseingang.deadlines import discount
from processes.rechnungseingang.duplicates import why_suspected
from processes.rechnungseingang.errors import AttachmentNotOpened, InvoiceUnknown
from processes.rechnungseingang.intake import covers
from processes.rechnungseingang.kreditoren.matching import match
from processes.rechnungseingang.kreditoren.suppliers import iban_alarm, may_choose
from processes.rechnungseingang.letters import VERDICTS, day, templates
from processes.rechnungseingang.papers import TITLES
from processes.rechnungseingang.posting import TAX_CODES, posting_lines, tax_doubts, with_tax
from processes.rechnungseingang.prefill import NODE, prefilled
from processes.rechnungseingang.related import may_read, related
from processes.rechnungseingang.signatures import ORDERS
from processes.rechnungseingang.suggestions import (
    Posting,
    posting_like_before,
    suggested_units,
)
from storage.database import Row, Transaction

if TYPE_CHECKING:
    from processes.house import House

OUTCOMES = {
    "richtig": "richtig",
    "gekuerzt": "gekürzt",
    "zurueck": "zurückgegeben",
    "weiterleiten": "weitergeleitet",
    "rueckfrage": "Rückfrage",
    "beanstanden": "beanstandet",
    "befangen": "befangen",
    "angeordnet": "angeordnet",
    "erfassen": "erfasst",
    "ablehnen": "abgelehnt",
    "annehmen": "trotzdem angenommen",
    "zuordnen": "zugeordnet",
    "nachschlagen": "noch einmal nachgeschlagen",
    "keine_dublette": "keine Dublette",
    "ablegen": "als Dublette abgelegt",
    "gebucht": "gebucht",
    "widerspruch": "widersprüchlich gemeldet",
    "abgewiesen": "von der Buchhaltung abgewiesen",
    "zurueck_rechnerisch": "an die rechnerische Feststellung zurückgegeben",
    "geruegt": "gerügt",
    "entbehrlich": "keine Rüge mehr nötig",
    "erledigt": "erledigt",
    "abgebrochen": "abgebrochen",
}
TASKS = {
    "rechnung_klaeren": "Rechnung klären",
    "dublette_pruefen": "Dublette prüfen",
    "zuordnen": "Stelle zuordnen",
    "sachlich_pruefen": "Sachliche Prüfung",
    "rechnerisch_feststellen": "Rechnerische Feststellung",
    "anordnen": "Anordnung",
    "rueckfrage_beantworten": "Rückfrage",
    "ablehnung_zeichnen": "Ablehnung",
    "ruege_pruefen": "Mängelrüge",
    "frist_pruefen": "Drohender Fristablauf",
    "buchung": "Buchung",
    "abbruch": "Ablauf",
}
ADDED = frozenset((*TITLES.values(), *covers.TITLES))
WORDS = {**TASKS, **OUTCOMES}


def task_panel(
    house: House, tx: Transaction, principal: Principal, task: Any, *, part: int = 1
) -> TaskPanel | None:
    """The panel for a task of this process; None where there is nothing to see."""
    row = receipts.find(tx, task.instance_id)
    if row is None:
        return None
    if row.vorgang is None or not may(tx, principal, vorgang, row.vorgang, "content"):
        return TaskPanel("Rechnung", templates.get_template("panel_geschlossen.html").render())
    record_access(tx, principal, "read", "invoice", row.id, akte=row.akte, purpose="Aufgabe")
    data = house.blobs.read(tx, row.blob_id)
    document, findings = read_document(data), status.findings(tx, house.blobs, row)
    assert findings is not None, "the report is stored with the Vorgang"
    invoice = document.invoice
    shown = invoice_html(invoice, findings, part) if invoice is not None else None
    predecessor = receipts.find(tx, row.predecessor) if row.predecessor else None
    lines = _lines_in_form(tx, row)
    html = templates.get_template(
        "panel.html"
    ).render(
        task_id=task.id,
        receipt=row,
        amount=parse_amount(row.amount_due),
        german=german,
        stated=parse_amount(row.stated_amount),
        verdict=VERDICTS[Verdict(row.verdict)],
        findings=findings,
        invoice=Markup(shown) if shown is not None else None,  # noqa: S704 made by an escaping template
        text=None if shown is not None or is_pdf(data) else data[:20_000].decode(errors="replace"),
        pdf=is_pdf(data) and document.may_be_opened,
        attachments=invoice.attachments if invoice is not None else (),
        days_to_pay=(row.due_on - local_day(row.received_at)).days if row.due_on else None,
        skonto=_skonto(row),
        deadline=_deadline(row, task, house.settings.land),
        steps=_steps(tx, principal, row),
        papers=[each for each in dokumente_in(tx, principal, row.vorgang) if each.titel in ADDED],
        predecessor=predecessor,
        predecessor_shown=predecessor is not None and may_read(tx, principal, predecessor),
        suspected=why_suspected(row, predecessor) if predecessor is not None else None,
        alarm=iban_alarm(tx, row),
        match=match(tx, row),
        may_choose=may_choose(tx, principal, row) and permits(principal, "kreditor.read"),
        units=suggested_units(tx, row) if task.node == "zuordnen" else (),
        posting=_posting(tx, row, task, lines),
        posted=bool(lines),
        prefilled=prefilled(row, document) if task.node == NODE else None,
        kontierung=_kontierung(tx, row, task, invoice),
        letter=_letter(house, tx, principal, row) if task.node == "ablehnung_zeichnen" else None,
        **related(tx, principal, row, invoice),
    )
    return TaskPanel(f"Rechnung {row.number}" if row.number else "Eingang", html)


def panel_file(
    house: House, tx: Transaction, principal: Principal, task: Any, name: str
) -> PanelFile | None:
    """`original`, `anlage-<n>`, `vorgaenger` (the earlier invoice of the same number), or
    `entwurf` (the refusal as it would be sent, while it waits to be signed)."""
    row = receipts.find(tx, task.instance_id)
    if row is None:
        return None
    kind, _, number = name.partition("-")
    try:
        if kind == "anlage" and number.isdecimal() and len(number) < 4:
            found = status.attachment(
                tx, principal, house.blobs, row.id, int(number), scanner=house.settings.scanner
            )
            return PanelFile(found.name, found.media_type, found.content)
        if name == "entwurf":
            return _draft(house, tx, principal, task, row)
        wanted = {"original": row.id, "vorgaenger": row.predecessor}.get(name)
        if wanted is None:
            return None
        original, data = status.original(tx, principal, house.blobs, wanted)
    except AttachmentNotOpened as error:
        return PanelFile("nicht-geoeffnet.txt", "text/plain", str(error).encode())
    except InvoiceUnknown:
        return None
    return PanelFile(original.file_name or f"rechnung-{original.id}", original.media_type, data)


def _posting(tx: Transaction, row: Row, task: Any, lines: Value) -> Posting | None:
    """Where the lines in the form come from, or could: a suggestion may be younger than the task.
    None where a person has written other ones."""
    if task.node != "sachlich_pruefen":
        return None
    found = posting_like_before(tx, row, row.unit, tx.now)
    return None if found is None or lines not in (None, [], found.lines) else found


def _lines_in_form(tx: Transaction, row: Row) -> Value:
    held = queries.variables(tx, system_principal(tx.tenant), row.id).get("buchungszeilen")
    return None if held is None else held.value


def _kontierung(
    tx: Transaction, row: Row, task: Any, invoice: Invoice | None
) -> Mapping[str, Any] | None:
    """What is signed after the sachliche Feststellung: the lines with the tax in them."""
    if task.node not in {"rechnerisch_feststellen", "anordnen"}:
        return None
    case = queries.variables(tx, system_principal(tx.tenant), row.id)
    kind, amount, value = (
        case[name].value for name in ("anordnungsart", "festgestellter_betrag", "buchungszeilen")
    )
    lines = posting_lines(value)
    breakdown = invoice.breakdown if invoice is not None else ()
    return {
        "kind": ORDERS.get(str(kind), kind),
        "amount": parse_amount(amount),
        "lines": [
            {**line, "steuerkennzeichen": TAX_CODES.get(str(code), code)}
            for line in with_tax(lines)
            for code in (line["steuerkennzeichen"],)
        ],
        "doubts": tax_doubts(lines, breakdown),
    }


def _draft(
    house: House, tx: Transaction, principal: Principal, task: Any, row: Row
) -> PanelFile | None:
    """The letter as a PDF, marked as a draft."""
    if task.node != "ablehnung_zeichnen" or row.letter is None:
        return None
    status.original(
        tx, principal, house.blobs, row.id
    )  # raises where the content is not to be seen
    draft = outgoing.refusal(tx, house.blobs, row, local_day(tx.now))
    return PanelFile("ablehnung-entwurf.pdf", letters.PDF, letters.refusal_pdf(draft))


def _skonto(row: Row) -> list[dict[str, object]]:
    if row.issued_on is None:
        return []
    return [
        {
            "percent": f"{term.percent}".replace(".", ","),
            "until": skonto_until(term, row.issued_on),
            "worth": german(discount(term, row), row.currency or "EUR"),
        }
        for term in skonti(row.payment_terms)
    ]


def _deadline(row: Row, task: Any, land: str) -> str | None:
    """Until when this task is to be done, and where that comes from."""
    if task.due is None:
        return None
    until = day(task.due)
    if task.node == "rueckfrage_beantworten":
        return f"{until}, Wiedervorlage der Rückfrage"
    if task.node == "ruege_pruefen":
        return f"{until}, letzter Arbeitstag für die Mängelrüge"
    if row.issued_on is None or row.due_on is None:
        return f"{until}, {CLARIFY_WORKING_DAYS} Arbeitstage nach Eingang"
    terms, received_on = skonti(row.payment_terms), local_day(row.received_at)
    last = order_by(row.due_on, row.issued_on, terms, received_on, land)
    end = "Ende des Skontos" if last.reason == "skonto" else "Fälligkeit"
    return f"{until}, {KASSE_WORKING_DAYS} Arbeitstage der Kasse vor {end} am {day(last.ends)}"


def _steps(tx: Transaction, principal: Principal, row: Row) -> list[dict[str, object]]:
    """What was done so far, newest first."""
    done = [step for step in schritte(tx, principal, row.vorgang) if step.state == "erledigt"]
    names = display_names(tx, [step.performer for step in done if step.performer])
    return [
        {
            "task": TASKS.get(step.kind, step.kind),
            "outcome": OUTCOMES.get(step.outcome or "", step.outcome),
            "person": names.get(step.performer or "", "System"),
            "at": step.done_at,
            "remark": step.remark,
            "wording": step.wording,
            "void": step.voided_at is not None,
        }
        for step in reversed(done)
    ]


def _letter(house: House, tx: Transaction, principal: Principal, row: Row) -> str | None:
    """The draft's own text, without the frame of a page."""
    if row.letter is None:
        return None
    version = dokument_head(tx, principal, row.letter).current
    page = read_dokument(tx, principal, version.id, house.blobs, "Zeichnung").decode()
    body = page.partition("<body>")[2].partition("</body>")[0]
    return Markup(body)  # noqa: S704 our own template made it, escaping what it filled in
