"""Words in front of a number that say what else it is: of an order, a parcel, a telephone."""

import re

NEAR = 48
_NAMES = (
    "order|booking|tracking|shipment|parcel|package|delivery|consignment|invoice|ticket|case|reference|ref"
    "|customer|client|member|account|article|item|product|sku|ean|gtin|isbn|issn|imei|serial|voucher|coupon"
    "|phone|tel|mobile|fax|version"
    "|bestell|auftrag|sendung|paket|liefer|rechnung|kunden|artikel|vorgang|referenz|serien|gutschein|telefon|handy"
    "|commande|suivi|colis|livraison|facture|référence|dossier|article|téléphone|portable|série"
    "|pedido|seguimiento|envío|envio|factura|referencia|cliente|artículo|articulo|teléfono|telefono|móvil|movil|serie"
)
_BEFORE = re.compile(
    rf"(?<![^\W_])(?:{_NAMES})\w{{0,12}}[ .:#=\n°º-]{{0,4}}"
    r"(?:(?:numbers?|nummer|numéro|numero|número|code|code|nos?|nr|num|n|id|is|was|ist|lautet|est|es|de|der|du|my|the)"
    r"[ .:#=\n°º-]{1,4}){0,3}$",
    re.IGNORECASE,
)


def is_named_otherwise(text: str, start: int) -> bool:
    """Tell whether the words in front of a place in a plain text say that another number follows."""
    return _BEFORE.search(text, max(0, start - NEAR), start) is not None
