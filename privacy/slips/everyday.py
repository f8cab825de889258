"""Words that people say of passwords, and words that a sentence begins with: they are no passwords."""

_ENGLISH = """
a accepted active already also always and any are asked at blank but can can't cannot case changed
compromised correct could created did different do does doesn't don't easy empty enough entered exactly
expired field fine for forgot forgotten free from given gone good hacked has have hello help here hi hidden
how i i'm i've if in inactive incorrect insecure invalid is it it's its kindly known leaked locked long lost
mandatory me missing must my need needed never new no none not now ok okay old on one only optional or our
please possible private protected public recognised recognized rejected required reset safe same saved
secret secure sent set short simple so still stolen stored strong temporary than thanks that the there they
this to too unknown unset updated valid visible was we weak what when where which who why will with working
wrong yes you your
"""
_GERMAN = """
aber abgelaufen akzeptiert alt auch bekannt bereits bitte da dann das dasselbe dem den der die du ein eine
einfach erforderlich es falsch funktioniert für gehackt gelöscht gespeichert gesperrt gestohlen geändert
gleich gut hab habe hallo hier ich ihr im immer in inkorrekt jetzt kann kein keine kompromittiert korrekt
kurz können lang leer mein meine mir mit muss möglich neu nicht nichts noch notwendig nötig oder ok optional
pflicht richtig schon schwach sehr sicher sie stark temporär unbekannt und ungültig unsicher vergessen
verloren verschlüsselt versendet von war warum was weg weil weiß wie wieder wird wo wurde zu zurückgesetzt
zwingend
"""
_FRENCH = """
ai alors au aussi bien bon bonjour ce cela changé changée compromis connu correct correcte d'accord dans de
des different différent du déjà en encore enregistré erroné erronée est et expiré expirée facultatif faible
faux fort il inconnu inconnue incorrect incorrecte introuvable invalide j'ai jamais je la le les long ma
mais mal manquant mauvais merci mes moi mon ne non nouveau nul nécessaire obligatoire ok ou oublié oubliée
pas perdu perdue pirate piraté possible pour pourquoi périmé quand que qui refusé requis réinitialisé s'il
sur sécurisé temporaire toujours trop un une valable valide veuillez vide volé vous ça
"""
_SPANISH = """
a ahora al algo antigua ayuda bien bloqueada buena caducada caducado cambiada como comprometida con correcta
correcto cual cuando de del demasiado distinta débil el en encontrada era erronea errónea erróneo es esa
esta este está expirada expirado fuerte gracias hackeada he hola igual incorrecta incorrecto insegura
invalida inválida inválido la larga lo los mala me mi misma muy necesaria no nueva nuevo nula o obligatoria
olvidada olvidado olvidé opcional para perdida pero por porque que quien qué rechazada requerida robada
segura si siempre sí temporal tu un una vacía valida vieja válida válido y ya yo
"""

EVERYDAY = frozenset(" ".join((_ENGLISH, _GERMAN, _FRENCH, _SPANISH)).split())
