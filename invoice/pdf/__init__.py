"""Invoices that arrive as PDF: ZUGFeRD, Factur-X, and what is only an image."""
