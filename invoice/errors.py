"""Errors of the invoice package. Each leaf names a situation and carries a stable `code`."""

from __future__ import annotations


class InvoiceError(Exception):
    """Base of all that reading or checking an invoice can raise."""

    code = "invoice"


class NotAnInvoice(InvoiceError):
    """Bytes that are no XML, or XML whose root no supported syntax knows."""

    code = "not_an_invoice"


class InvoiceRefused(InvoiceError):
    """Bytes that are not read at all: too large, too deep, or with a document type."""

    code = "invoice_refused"


class AttachmentRefused(InvoiceError):
    """An embedded file that cannot be decoded or is larger than what is accepted."""

    code = "attachment_refused"


class SchemaMissing(InvoiceError):
    """The XML schemas are not installed."""

    code = "schema_missing"


class PdfRefused(InvoiceError):
    """A PDF that is not read. `why` is one word for it."""

    code = "pdf_refused"

    def __init__(self, why: str, words: str) -> None:
        super().__init__(words)
        self.why = why


class RulesRefused(InvoiceError):
    """A configuration of official rules that is not taken in."""

    code = "rules_refused"


class NoVerdict(InvoiceError):
    """The official rules did not come to an end with this document: a person decides. `detail` may
    quote the document, so it is for those who may read that, and never for a log."""

    code = "no_verdict"

    def __init__(self, words: str, detail: str = "") -> None:
        super().__init__(words)
        self.detail = detail


class OfficialMissing(InvoiceError):
    """The extra `official` is not installed."""

    code = "official_missing"


class ScanFailed(InvoiceError):
    """The virus scanner gave no clear answer: the file is not opened."""

    code = "scan_failed"


class VirusFound(InvoiceError):
    """The virus scanner names something in the file."""

    code = "virus_found"


class OutOfTime(InvoiceError):
    """A child process that had not ended when its time was over."""

    code = "invoice_out_of_time"


class ChildEnded(InvoiceError):
    """A child process that ended without an answer: by its limits, or by a fault of its own."""

    code = "invoice_child_ended"
