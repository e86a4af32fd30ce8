"""Errors of the Rechnungseingang. Each leaf names a situation and carries a stable `code`."""

from __future__ import annotations

from bpmn.errors import FieldError, FormInvalid


class RechnungseingangError(Exception):
    """Base of all that this process refuses."""

    code = "rechnungseingang"


class CompletionRefused(RechnungseingangError, FormInvalid):
    """A person may not complete the task like this. Every interface shows it at its field."""

    def __init__(self, message: str, field: str = "ergebnis") -> None:
        FormInvalid.__init__(self, [FieldError(field, message)])


class InvoiceUnknown(RechnungseingangError):
    """No invoice with that id, or the principal may not know of it."""

    code = "invoice_unknown"


class AttachmentNotOpened(InvoiceUnknown):
    """The virus scanner found something, or gave no clear answer."""

    code = "attachment_not_opened"


class InvoiceTooLarge(RechnungseingangError):
    """More bytes than an invoice may have."""

    code = "invoice_too_large"


class BatchTooLarge(RechnungseingangError):
    """More files at once than are taken in at once."""

    code = "batch_too_large"


class NothingReceived(RechnungseingangError):
    """A push without a file."""

    code = "invoice_missing"


class ReceivedAtInvalid(RechnungseingangError):
    """A time of receipt that is no instant, or lies in the future."""

    code = "received_at_invalid"


class KeyInvalid(RechnungseingangError):
    """An Idempotency-Key that is empty or too long."""

    code = "idempotency_key_invalid"


class ChannelInvalid(RechnungseingangError):
    """A push that names its channel in a way that nobody can read."""

    code = "channel_invalid"


class KeyReused(RechnungseingangError):
    """An Idempotency-Key that came before with other bytes."""

    code = "idempotency_key_reused"


class BefugnisMissing(CompletionRefused):
    """The person has no Befugnis that suffices for this unit and amount."""

    code = "befugnis_missing"


class CurrencyForeign(CompletionRefused):
    """Nothing is certified or ordered in another currency than the euro."""

    code = "currency_foreign"


class Befangen(CompletionRefused):
    """A person who declared to be befangen tries the same check again."""

    code = "befangen"


class SignatureVoid(CompletionRefused):
    """What an earlier signature certified has changed since; it must be given anew."""

    code = "signature_void"


class InvoiceClosed(RechnungseingangError):
    """The invoice is z.d.A., or not filed yet: nothing is added to it."""

    code = "invoice_closed"


class NotWaitingForBooking(RechnungseingangError):
    """A report from the booking system for an invoice that does not wait for one."""

    code = "not_waiting_for_booking"


class BookingContradicts(RechnungseingangError):
    """A second report for the same booking that says something else than the first."""

    code = "booking_contradicts"


class HkrUnknown(RechnungseingangError):
    """A URL of an HKR system for which no adapter is installed."""

    code = "hkr_unknown"


class ChannelUnknown(RechnungseingangError):
    """A URL of a channel that nothing here can fetch from."""

    code = "channel_unknown"


class RoutingTableInvalid(RechnungseingangError):
    """A line of the routing table that cannot be read."""

    code = "routing_table_invalid"


class KreditorUnknown(RechnungseingangError):
    """No Kreditor with that id or number."""

    code = "kreditor_unknown"


class KreditorInvalid(RechnungseingangError):
    """A Kreditor cannot be kept as it was typed."""

    code = "kreditor_invalid"


class KreditorTableInvalid(RechnungseingangError):
    """A CSV file of Kreditoren with faults, a line each; nothing of it is taken."""

    code = "kreditor_table_invalid"


class AccountInvalid(RechnungseingangError):
    """An account cannot be proposed or confirmed like this."""

    code = "account_invalid"


class KreditorBlocked(CompletionRefused):
    """Nothing is ordered to be paid to a Kreditor that is blocked."""

    code = "kreditor_blocked"


STATUSES: dict[type[Exception], int] = {
    RechnungseingangError: 422,
    InvoiceUnknown: 404,
    KreditorUnknown: 404,
    InvoiceTooLarge: 413,
    BatchTooLarge: 413,
    NothingReceived: 400,
    ReceivedAtInvalid: 422,
    KeyInvalid: 400,
    KeyReused: 409,
    BookingContradicts: 409,
    InvoiceClosed: 409,
    NotWaitingForBooking: 409,
    BefugnisMissing: 403,
    Befangen: 403,
    SignatureVoid: 409,
    KreditorBlocked: 409,
}
"""What each means over HTTP."""
