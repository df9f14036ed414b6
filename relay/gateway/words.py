"""Words of what the gateway renders itself: pages before, or without, JavaScript, and errors.

The pages' own messages are in `web/src/i18n`; what people wrote is shown as they wrote it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language."""

    spacewalks: str
    about: str
    """What the relay shows, in a sentence."""
    before: str
    live: str
    silent: str
    """It is live, and no camera sends."""
    ended: str
    moment: str
    """How a time is written, in the terms of `strftime`."""
    crew: str
    timeline: str
    credits: str
    soundtrack: str
    written_by: str
    performed_by: str
    published_by: str
    licence: str
    links: str
    no_script: str
    closed: str
    closed_text: str
    its_page: str
    a_spacewalk: str
    """What a broadcast is that says nothing of itself; `{title}` is its title."""
    picture_of: str
    all_broadcasts: str
    embedding: str
    embedding_text: str
    not_here: str
    partners_only_text: str
    other_site_text: str
    errors: Mapping[int, tuple[str, str]]
    """By status, a title and a sentence; in English the errors themselves say more."""


_EN: Final = Words(
    spacewalks="Spacewalks, live",
    about="Spacewalks, live and in real time, from every camera.",
    before="coming up",
    live="live now",
    silent="no signal",
    ended="ended",
    moment="%Y-%m-%d %H:%M %Z",
    crew="Crew",
    timeline="Timeline",
    credits="Credits",
    soundtrack="Soundtrack",
    written_by="written by",
    performed_by="performed by",
    published_by="published by",
    licence="licence:",
    links="Links",
    no_script="The live picture needs JavaScript.",
    closed="This broadcast is closed",
    closed_text="It is shown to those who were given a link to it.",
    its_page="Its page",
    a_spacewalk="{title}: a spacewalk, live from every camera.",
    picture_of="The live picture of {title}",
    all_broadcasts="All broadcasts",
    embedding="Embedding a broadcast",
    embedding_text=(
        "How to put a live broadcast into a page of yours: a frame, an element, or oEmbed."
    ),
    not_here="Not for this site",
    partners_only_text="This broadcast may be embedded by partners of the relay only.",
    other_site_text="This site is not one of those for which the partner may embed the broadcast.",
    errors={},
)
_FR: Final = Words(
    spacewalks="Sorties dans l’espace, en direct",
    about="Les sorties dans l’espace, en direct et en temps réel, vues par toutes les caméras.",
    before="à venir",
    live="en direct",
    silent="pas de signal",
    ended="terminée",
    moment="%d/%m/%Y %H:%M %Z",
    crew="Équipage",
    timeline="Chronologie",
    credits="Générique",
    soundtrack="Musique",
    written_by="écrit par",
    performed_by="interprété par",
    published_by="édité par",
    licence="licence :",
    links="Liens",
    no_script="L’image en direct nécessite JavaScript.",
    closed="Cette retransmission est privée",
    closed_text="Elle est réservée aux personnes qui en ont reçu le lien.",
    its_page="Sa page",
    a_spacewalk="{title} : une sortie dans l’espace en direct, vue par toutes les caméras.",
    picture_of="L’image en direct de {title}",
    all_broadcasts="Toutes les retransmissions",
    embedding="Intégrer une retransmission",
    embedding_text=(
        "Comment intégrer une retransmission en direct dans une de vos pages : une iframe, un "
        "élément ou oEmbed."
    ),
    not_here="Pas sur ce site",
    partners_only_text="Seuls les partenaires du relais peuvent intégrer cette retransmission.",
    other_site_text="Le partenaire ne peut pas intégrer cette retransmission sur ce site.",
    errors={
        400: ("Requête incorrecte", "La requête est mal formée."),
        401: ("Accès réservé", "Il faut une autorisation pour voir cette page."),
        403: ("Interdit", "Cela n’est pas permis ici."),
        404: ("Introuvable", "Il n’y a rien à cette adresse."),
        422: ("Requête incorrecte", "L’adresse contient une valeur qui n’est pas admise."),
        429: ("Trop de requêtes", "Il y a eu trop de requêtes ; patientez un peu."),
        500: ("Erreur interne", "Le relais a rencontré un problème."),
        503: ("Indisponible", "Le relais n’est pas joignable pour l’instant ; réessayez."),
    },
)
_DE: Final = Words(
    spacewalks="Außenbordeinsätze, live",
    about="Außenbordeinsätze, live und in Echtzeit, aus jeder Kamera.",
    before="demnächst",
    live="jetzt live",
    silent="kein Signal",
    ended="beendet",
    moment="%d.%m.%Y %H:%M %Z",
    crew="Besatzung",
    timeline="Zeitleiste",
    credits="Mitwirkende",
    soundtrack="Musik",
    written_by="geschrieben von",
    performed_by="gespielt von",
    published_by="verlegt von",
    licence="Lizenz:",
    links="Links",
    no_script="Das Live-Bild braucht JavaScript.",
    closed="Diese Übertragung ist geschlossen",
    closed_text="Zu sehen ist sie für alle, die einen Link dazu bekommen haben.",
    its_page="Ihre Seite",
    a_spacewalk="{title}: ein Außenbordeinsatz, live aus jeder Kamera.",
    picture_of="Das Live-Bild von {title}",
    all_broadcasts="Alle Übertragungen",
    embedding="Eine Übertragung einbetten",
    embedding_text=(
        "Wie eine Live-Übertragung in eine eigene Seite kommt: als Frame, als Element oder mit "
        "oEmbed."
    ),
    not_here="Nicht auf dieser Seite",
    partners_only_text="Nur Partner des Relays dürfen diese Übertragung einbetten.",
    other_site_text="Auf dieser Seite darf der Partner die Übertragung nicht einbetten.",
    errors={
        400: ("Falsche Anfrage", "Die Anfrage ist fehlerhaft."),
        401: ("Nur mit Erlaubnis", "Um das zu sehen, braucht es eine Erlaubnis."),
        403: ("Nicht erlaubt", "Das ist hier nicht erlaubt."),
        404: ("Nicht gefunden", "Unter dieser Adresse gibt es nichts."),
        422: ("Falsche Anfrage", "Die Adresse enthält einen Wert, der nicht erlaubt ist."),
        429: ("Zu viele Anfragen", "Das waren zu viele Anfragen; warte ein wenig."),
        500: ("Interner Fehler", "Im Relay ist ein Fehler aufgetreten."),
        503: ("Nicht erreichbar", "Das Relay ist gerade nicht erreichbar; versuch es noch einmal."),
    },
)
_ES: Final = Words(
    spacewalks="Caminatas espaciales, en directo",
    about="Caminatas espaciales, en directo y en tiempo real, desde todas las cámaras.",
    before="próximamente",
    live="en directo",
    silent="sin señal",
    ended="finalizada",
    moment="%d/%m/%Y %H:%M %Z",
    crew="Tripulación",
    timeline="Cronología",
    credits="Créditos",
    soundtrack="Banda sonora",
    written_by="escrita por",
    performed_by="interpretada por",
    published_by="publicada por",
    licence="licencia:",
    links="Enlaces",
    no_script="La imagen en directo necesita JavaScript.",
    closed="Esta emisión es privada",
    closed_text="Se muestra a quienes recibieron un enlace.",
    its_page="Su página",
    a_spacewalk="{title}: una caminata espacial, en directo desde todas las cámaras.",
    picture_of="La imagen en directo de {title}",
    all_broadcasts="Todas las emisiones",
    embedding="Incrustar una emisión",
    embedding_text=(
        "Cómo poner una emisión en directo en una página tuya: un iframe, un elemento u oEmbed."
    ),
    not_here="No en este sitio",
    partners_only_text="Solo los socios del relay pueden incrustar esta emisión.",
    other_site_text="El socio no puede incrustar esta emisión en este sitio.",
    errors={
        400: ("Petición incorrecta", "La petición está mal formada."),
        401: ("Acceso reservado", "Para ver esto hace falta un permiso."),
        403: ("No permitido", "Eso no está permitido aquí."),
        404: ("No encontrado", "No hay nada en esta dirección."),
        422: ("Petición incorrecta", "La dirección contiene un valor que no se admite."),
        429: ("Demasiadas peticiones", "Ha habido demasiadas peticiones; espera un poco."),
        500: ("Error interno", "Se ha producido un fallo en el relay."),
        503: ("No disponible", "El relay no está disponible ahora; vuelve a intentarlo."),
    },
)
_IT: Final = Words(
    spacewalks="Passeggiate spaziali, in diretta",
    about="Passeggiate spaziali, in diretta e in tempo reale, da tutte le telecamere.",
    before="in arrivo",
    live="in diretta",
    silent="nessun segnale",
    ended="terminata",
    moment="%d/%m/%Y %H:%M %Z",
    crew="Equipaggio",
    timeline="Cronologia",
    credits="Crediti",
    soundtrack="Colonna sonora",
    written_by="scritto da",
    performed_by="eseguito da",
    published_by="pubblicato da",
    licence="licenza:",
    links="Link",
    no_script="L’immagine in diretta richiede JavaScript.",
    closed="Questa trasmissione è riservata",
    closed_text="È riservata a chi ne ha ricevuto il link.",
    its_page="La sua pagina",
    a_spacewalk="{title}: una passeggiata spaziale, in diretta da tutte le telecamere.",
    picture_of="L’immagine in diretta di {title}",
    all_broadcasts="Tutte le trasmissioni",
    embedding="Incorporare una trasmissione",
    embedding_text=(
        "Come mettere una trasmissione in diretta in una tua pagina: un iframe, un elemento o "
        "oEmbed."
    ),
    not_here="Non su questo sito",
    partners_only_text="Solo i partner del relay possono incorporare questa trasmissione.",
    other_site_text="Il partner non può incorporare questa trasmissione su questo sito.",
    errors={
        400: ("Richiesta non valida", "La richiesta non è scritta correttamente."),
        401: ("Accesso riservato", "Per vedere questo serve un permesso."),
        403: ("Non permesso", "Questo non è permesso qui."),
        404: ("Non trovato", "A questo indirizzo non c’è nulla."),
        422: ("Richiesta non valida", "L’indirizzo contiene un valore non ammesso."),
        429: ("Troppe richieste", "Ci sono state troppe richieste; aspetta un po’."),
        500: ("Errore interno", "Nel relay si è verificato un errore."),
        503: ("Non disponibile", "Il relay non è raggiungibile in questo momento; riprova."),
    },
)
_TABLE: Final = {"en": _EN, "fr": _FR, "de": _DE, "es": _ES, "it": _IT}


def words(language: str) -> Words:
    """The words of one of `visitor.LANGUAGES`."""
    return _TABLE[language]
