"""The E-Akte: Aktenplan, Akten, Vorgaenge, Dokumente, who took part, who may see them."""
