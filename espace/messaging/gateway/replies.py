"""What the gateway answers: a code, an enhanced code, and words in French and English that any program may show.

French stands without its accents here: not every program takes other letters than those of ASCII in an answer.
"""

from espace.messaging.services.places import Refusal


class ReplyError(Exception):
    """What is asked is not done; `reply` says why to the other side."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.reply = reply


GREETING = "pret - ready"
BYE = "221 2.0.0 Au revoir - goodbye"
OK = "250 2.0.0 OK"
SENDER_OK = "250 2.1.0 OK"
RECIPIENT_OK = "250 2.1.5 OK"
TAKEN = "250 2.6.0 Message recu - message accepted"
AUTHENTICATED = "235 2.7.0 Bienvenue - authentication successful"
SEND_DATA = "354 Envoyez le message, puis <CRLF>.<CRLF> - end data with <CRLF>.<CRLF>"

TOO_MANY = "421 4.3.2 Trop de connexions, revenez plus tard - too many connections, try again later"
LEAVING = "421 4.3.2 Le service s'arrete, revenez plus tard - service shutting down, try again later"
TOO_LONG_A_TIME = "421 4.4.2 Delai depasse - timeout"
TOO_MANY_ERRORS = "421 4.7.0 Trop d'erreurs - too many errors"
BUSY = "451 4.3.0 Momentanement indisponible, revenez plus tard - temporarily unavailable, try again later"
PROBED = "451 4.7.1 Trop d'adresses inconnues, revenez dans une heure - too many unknown recipients, try again later"
FULL = "452 4.3.1 Plus de place pour le moment - insufficient storage, try again later"
MANY_RECIPIENTS = "452 4.5.3 Cent destinataires au plus - too many recipients"
TRIES = "454 4.7.0 Trop d'essais, revenez plus tard - too many tries, try again later"

BARE_LINE = "500 5.5.2 Les lignes doivent finir par CR LF - lines must end with CR LF"
LONG_LINE = "500 5.5.2 Ligne trop longue - line too long"
UNKNOWN_COMMAND = "500 5.5.1 Commande inconnue - unknown command"
SYNTAX = "501 5.5.4 Syntaxe incorrecte - syntax error"
BAD_ADDRESS = "501 5.1.3 Adresse mal ecrite - malformed address"
BAD_SENDER = "501 5.1.7 Adresse d'expediteur mal ecrite - malformed sender address"
NOT_SERVED = "502 5.5.1 Commande non proposee - command not implemented"
ORDER = "503 5.5.1 Commande hors de l'ordre - bad sequence of commands"
UNKNOWN_MECHANISM = "504 5.5.4 Methode inconnue - unrecognized authentication type"
NEEDS_TLS = "530 5.7.0 Chiffrez d'abord avec STARTTLS - must issue a STARTTLS command first"
NEEDS_TLS_TO_SIGN_IN = "538 5.7.11 Chiffrez d'abord avec STARTTLS - encryption required"
WRONG_SECRET = "535 5.7.8 Adresse ou jeton refuse - authentication credentials invalid"
UNKNOWN_PARAMETER = "555 5.5.4 Parametre non propose - parameter not recognized"

NO_CERTIFICATE = "550 5.7.1 Presentez un certificat d'operateur, ou un jeton - client certificate or sign-in required"
STRANGER = "550 5.7.1 Certificat hors de la liste blanche - certificate not on the white list"
NOT_THEIR_DOMAIN = "550 5.7.1 Ce certificat n'ecrit pas pour ce domaine - certificate not valid for this domain"
OUR_DOMAIN = "550 5.7.1 Cette adresse est de notre maison - our own addresses do not come from outside"
NOT_THEIR_ADDRESS = "550 5.7.1 Ecrivez sous l'adresse de votre boite - sender must be your mailbox address"
OTHER_FROM = "550 5.7.1 L'en-tete From et l'expediteur different - From header does not match the sender"
NULL_SENDER = "550 5.7.1 Expediteur vide hors d'un avis - null sender is for reports and automatic messages only"
RELAY = "550 5.7.1 Ce domaine n'est pas servi ici - relaying denied"
REFUSED = "550 5.7.1 Ce destinataire ne prend pas ce message - message refused by the recipient"
REFUSED_ADDRESSES = {
    Refusal.UNKNOWN: "550 5.1.1 Adresse inconnue ici - no such address here",
    Refusal.OPPOSED: "550 5.7.1 Cette adresse ne prend aucun message - this address takes no mail",
    Refusal.ENDED: "550 5.7.1 Cette adresse ne prend plus de message - this address takes no more mail",
}
TOO_LARGE = "552 5.3.4 Message trop grand - message too large"
BARE_MESSAGE = "554 5.6.0 Le message a des fins de ligne incorrectes - bare CR or LF in the message"
BROKEN = "554 5.6.0 Le message est mal construit - malformed message"
NOT_SENT = "554 5.6.0 Ce message ne peut pas partir ainsi - this message cannot be sent as it is"
LOOP = "554 5.4.6 Le message tourne en rond - mail loop detected"
