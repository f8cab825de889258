"""Of each country: the authority to complain to, and the age from which one consents alone.

The ages are those that each country chose within Article 8(1), 13 to 16; the authorities are the members of
the European Data Protection Board, and those of Switzerland and the United Kingdom.
"""

from typing import NamedTuple


class Authority(NamedTuple):
    """A supervisory authority (Article 77), by the name that it gives itself."""

    name: str
    url: str


AUTHORITIES = {
    "AT": Authority("Österreichische Datenschutzbehörde", "https://www.dsb.gv.at"),
    "BE": Authority(
        "Autorité de protection des données / Gegevensbeschermingsautoriteit",
        "https://www.dataprotectionauthority.be",
    ),
    "BG": Authority("Комисия за защита на личните данни", "https://www.cpdp.bg"),
    "HR": Authority("Agencija za zaštitu osobnih podataka", "https://azop.hr"),
    "CY": Authority("Commissioner for Personal Data Protection", "https://www.dataprotection.gov.cy"),
    "CZ": Authority("Úřad pro ochranu osobních údajů", "https://uoou.gov.cz"),
    "DK": Authority("Datatilsynet", "https://www.datatilsynet.dk"),
    "EE": Authority("Andmekaitse Inspektsioon", "https://www.aki.ee"),
    "FI": Authority("Tietosuojavaltuutetun toimisto", "https://tietosuoja.fi"),
    "FR": Authority(
        "Commission nationale de l'informatique et des libertés (CNIL)", "https://www.cnil.fr/fr/plaintes"
    ),
    "DE": Authority(
        "Die Datenschutzaufsichtsbehörden der Länder (list of the Federal Commissioner)",
        "https://www.bfdi.bund.de",
    ),
    "GR": Authority("Αρχή Προστασίας Δεδομένων Προσωπικού Χαρακτήρα", "https://www.dpa.gr"),
    "HU": Authority("Nemzeti Adatvédelmi és Információszabadság Hatóság", "https://www.naih.hu"),
    "IS": Authority("Persónuvernd", "https://www.personuvernd.is"),
    "IE": Authority("Data Protection Commission", "https://www.dataprotection.ie"),
    "IT": Authority("Garante per la protezione dei dati personali", "https://www.garanteprivacy.it"),
    "LV": Authority("Datu valsts inspekcija", "https://www.dvi.gov.lv"),
    "LI": Authority("Datenschutzstelle Liechtenstein", "https://www.datenschutzstelle.li"),
    "LT": Authority("Valstybinė duomenų apsaugos inspekcija", "https://vdai.lrv.lt"),
    "LU": Authority("Commission nationale pour la protection des données", "https://cnpd.public.lu"),
    "MT": Authority("Office of the Information and Data Protection Commissioner", "https://idpc.org.mt"),
    "NL": Authority("Autoriteit Persoonsgegevens", "https://autoriteitpersoonsgegevens.nl"),
    "NO": Authority("Datatilsynet", "https://www.datatilsynet.no"),
    "PL": Authority("Urząd Ochrony Danych Osobowych", "https://uodo.gov.pl"),
    "PT": Authority("Comissão Nacional de Proteção de Dados", "https://www.cnpd.pt"),
    "RO": Authority(
        "Autoritatea Naţională de Supraveghere a Prelucrării Datelor cu Caracter Personal",
        "https://www.dataprotection.ro",
    ),
    "SK": Authority("Úrad na ochranu osobných údajov", "https://dataprotection.gov.sk"),
    "SI": Authority("Informacijski pooblaščenec", "https://www.ip-rs.si"),
    "ES": Authority("Agencia Española de Protección de Datos", "https://www.aepd.es"),
    "SE": Authority("Integritetsskyddsmyndigheten", "https://www.imy.se"),
    "CH": Authority(
        "Eidgenössischer Datenschutz- und Öffentlichkeitsbeauftragter", "https://www.edoeb.admin.ch"
    ),
    "GB": Authority("Information Commissioner's Office", "https://ico.org.uk/make-a-complaint"),
}

CONSENT_AGES = {
    "AT": 14, "BE": 13, "BG": 14, "HR": 16, "CY": 14, "CZ": 15, "DK": 13, "EE": 13, "FI": 13, "FR": 15,
    "DE": 16, "GR": 15, "HU": 16, "IS": 13, "IE": 16, "IT": 14, "LV": 13, "LI": 16, "LT": 14, "LU": 16,
    "MT": 13, "NL": 16, "NO": 13, "PL": 16, "PT": 13, "RO": 16, "SK": 16, "SI": 15, "ES": 14, "SE": 13,
    "GB": 13,
}  # fmt: skip
OLDEST_AGE = 16  # where a country is not known, or has no law of its own: the age of the Regulation itself


def consent_age(country: str) -> int:
    """Return the age in years from which somebody consents alone in a country (Article 8(1))."""
    return CONSENT_AGES.get(country, OLDEST_AGE)
