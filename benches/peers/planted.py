"""Posts with one made-up item each, and posts with none: what is to be found is known.

Nothing here is anybody's: secrets are drawn when this runs and kept in no file of the repository, telephone numbers are of
the ranges kept for fiction, mail addresses of the domains kept for examples. Numbers of people, companies, accounts and
cards are drawn too, with the check digits that they need.
"""

import base64
import json
import random
import string
import zlib
from typing import Callable, Iterator

DIGITS = string.digits
UPPER = string.ascii_uppercase
LETTERS = string.ascii_letters
ALNUM = LETTERS + DIGITS
BASE62 = DIGITS + UPPER + string.ascii_lowercase
URL_SAFE = ALNUM + "-_"


class Dice(random.Random):
    def text(self, alphabet: str, length: int) -> str:
        return "".join(self.choices(alphabet, k=length))

    def number(self, length: int) -> str:
        return self.text(DIGITS, length)


# Secrets


def with_checksum(prefix: str) -> Callable[[Dice], str]:
    """Thirty characters and their CRC-32 in base 62, as GitHub and npm write tokens: some tools check it."""

    def make(dice: Dice) -> str:
        body = dice.text(BASE62, 30)
        rest, check = zlib.crc32(body.encode()), ""
        while len(check) < 6:
            rest, digit = divmod(rest, 62)
            check = BASE62[digit] + check
        return prefix + body + check

    return make


def drawn(prefix: str, alphabet: str, length: int) -> Callable[[Dice], str]:
    return lambda dice: prefix + dice.text(alphabet, length)


def openai(dice: Dice) -> str:
    # "OpenAI" in base 64 stands in the middle of their keys.
    middle = base64.b64encode(b"OpenAI").decode()
    size, prefix = dice.choice([(20, "sk-"), (74, "sk-proj-")])
    return prefix + dice.text(ALNUM, size) + middle + dice.text(ALNUM, size)


def slack_bot(dice: Dice) -> str:
    return f"xoxb-{dice.number(12)}-{dice.number(13)}-{dice.text(ALNUM, 24)}"


def slack_hook(dice: Dice) -> str:
    team, app = dice.text(UPPER + DIGITS, 8), dice.text(UPPER + DIGITS, 10)
    return f"https://hooks.slack.com/services/T{team}/B{app}/{dice.text(ALNUM, 24)}"


def sendgrid(dice: Dice) -> str:
    return f"SG.{dice.text(URL_SAFE, 22)}.{dice.text(URL_SAFE, 43)}"


def jwt(dice: Dice) -> str:
    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    head = part(b'{"alg":"HS256","typ":"JWT"}')
    body = part(json.dumps({"sub": dice.number(10), "iat": dice.randrange(1_700_000_000, 1_800_000_000)}).encode())
    return f"{head}.{body}.{part(dice.randbytes(32))}"


def der(tag: int, *parts: bytes) -> bytes:
    """One value in DER: its tag, its length, its bytes."""
    body = b"".join(parts)
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8 or 1, "big")
    return bytes([tag]) + (size if len(body) < 128 else bytes([0x80 | len(size)]) + size) + body


def ec_key(dice: Dice) -> bytes:
    """The shape of a key on the curve P-256 (RFC 5915), its numbers drawn."""
    curve = der(0xA0, der(0x06, bytes.fromhex("2a8648ce3d030107")))
    public = der(0xA1, der(0x03, b"\0\4", dice.randbytes(64)))
    return der(0x30, der(0x02, b"\1"), der(0x04, dice.randbytes(32)), curve, public)


def rsa_key(dice: Dice) -> bytes:
    """The shape of an RSA key of 2048 bits (RFC 8017), its numbers drawn."""

    def drawn_number(size: int) -> bytes:
        return der(0x02, b"\0", bytes([0x80 | dice.randrange(128)]), dice.randbytes(size - 1))

    numbers = [drawn_number(256), der(0x02, b"\1\0\1"), drawn_number(256), *(drawn_number(128) for _ in range(5))]
    return der(0x30, der(0x02, b"\0"), *numbers)


def private_key(dice: Dice) -> str:
    name, make = dice.choice([("EC", ec_key), ("RSA", rsa_key)])
    body = base64.b64encode(make(dice)).decode()
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    name += " PRIVATE KEY"
    return "\n".join([f"-----BEGIN {name}-----", *lines, f"-----END {name}-----"])


def assigned(dice: Dice) -> str:
    return f'api_key = "{dice.text(ALNUM, 32)}"'


# Personal data


def luhn_digit(digits: str) -> str:
    total = 0
    for at, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if at % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def groups(text: str, *sizes: int) -> str:
    out, at = [], 0
    for size in sizes:
        out.append(text[at : at + size])
        at += size
    return " ".join(out)


def maybe_spaced(dice: Dice, text: str, *sizes: int) -> str:
    return groups(text, *sizes) if dice.random() < 0.5 else text


def iban(dice: Dice, country: str, account: str) -> str:
    digits = "".join(str(int(c, 36)) for c in account + country + "00")
    text = f"{country}{98 - int(digits) % 97:02}{account}"
    return maybe_spaced(dice, text, *[4] * -(-len(text) // 4))


def iban_fr(dice: Dice) -> str:
    bank, branch, account = dice.number(5), dice.number(5), dice.number(11)
    key = 97 - (89 * int(bank) + 15 * int(branch) + 3 * int(account)) % 97
    return iban(dice, "FR", f"{bank}{branch}{account}{key:02}")


def iban_gb(dice: Dice) -> str:
    return iban(dice, "GB", dice.text(UPPER, 4) + dice.number(14))


def card(dice: Dice) -> str:
    body = dice.choice(["4", "51", "53", "55"])
    body += dice.number(15 - len(body))
    return maybe_spaced(dice, body + luhn_digit(body), 4, 4, 4, 4)


def nir(dice: Dice) -> str:
    """French social security number."""
    place = dice.choice([n for n in range(1, 96) if n != 20])
    body = f"{dice.randint(1, 2)}{dice.number(2)}{dice.randint(1, 12):02}{place:02}"
    body += f"{dice.randint(1, 899):03}{dice.randint(1, 999):03}"
    return maybe_spaced(dice, f"{body}{97 - int(body) % 97:02}", 1, 2, 2, 2, 3, 3, 2)


def siren(dice: Dice) -> str:
    """French company number."""
    body = dice.choice("345789") + dice.number(7)
    return maybe_spaced(dice, body + luhn_digit(body), 3, 3, 3)


def phone_fr(dice: Dice) -> str:
    start = dice.choice(["063998", "019900", "026191", "035301", "046571", "053649"])
    national = start + dice.number(4)
    return dice.choice(["+33 " + groups(national[1:], 1, 2, 2, 2, 2), groups(national, 2, 2, 2, 2, 2), national])


def phone_en(dice: Dice) -> str:
    end = dice.number(2)
    kinds = [f"07700 9004{end}", f"+44 20 7946 04{end}", f"(202) 555-01{end}", f"+1 312-555-01{end}"]
    return dice.choice(kinds)


def nhs(dice: Dice) -> str:
    """British health service number."""
    while True:
        body = dice.choice("4567") + dice.number(8)
        check = 11 - sum(int(d) * (10 - at) for at, d in enumerate(body)) % 11
        if check != 10:
            return maybe_spaced(dice, f"{body}{check % 11}", 3, 3, 4)


def nino(dice: Dice) -> str:
    """British national insurance number."""
    body = dice.choice("ABCEGHJKLMPRSTWXYZ") + dice.choice("ACEHJKLMPRSTWXYZ") + dice.number(6) + dice.choice("ABCD")
    return maybe_spaced(dice, body, 2, 2, 2, 2, 1)


def ssn(dice: Dice) -> str:
    """American social security number."""
    area = dice.choice([n for n in range(101, 773) if n != 666])
    return f"{area}-{dice.randint(1, 99):02}-{dice.randint(1, 9999):04}"


def email(dice: Dice) -> str:
    first = dice.choice(["lucie", "karim", "marie", "paul", "anna", "tom", "ines", "jack"])
    last = dice.choice(["durand", "benali", "moreau", "smith", "walker", "petit", "jones", "leroy"])
    return f"{first}.{last}{dice.choice(['', str(dice.randint(2, 99))])}@example.{dice.choice(['com', 'org', 'net'])}"


def ipv4(dice: Dice) -> str:
    if dice.random() < 0.5:
        return f"10.{dice.randint(0, 255)}.{dice.randint(0, 255)}.{dice.randint(1, 254)}"
    return f"{dice.randint(20, 99)}.{dice.randint(0, 255)}.{dice.randint(0, 255)}.{dice.randint(1, 254)}"


def internal_host(dice: Dice) -> str:
    name = dice.choice(["srv-paie", "nas", "jenkins", "sql-prod", "intranet", "gitlab"])
    return f"{name}-{dice.randint(1, 40):02}.{dice.choice(['corp.local', 'internal', 'lan', 'intra.example.com'])}"


# Kinds: what draws one, whether it is a secret, the words that announce it in French and in English.

SECRETS = {
    "AWS key id, alone": (drawn("AKIA", UPPER + "234567", 16), "clé AWS :", "AWS key:"),
    "GitHub token": (with_checksum("ghp_"), "jeton GitHub :", "GitHub token:"),
    "GitLab token": (drawn("glpat-", URL_SAFE, 20), "jeton GitLab :", "GitLab token:"),
    "npm token": (with_checksum("npm_"), "jeton npm :", "npm token:"),
    "OpenAI key": (openai, "clé OpenAI :", "OpenAI key:"),
    "Slack bot token": (slack_bot, "jeton Slack :", "Slack token:"),
    "Slack webhook": (slack_hook, "webhook Slack :", "Slack webhook:"),
    "Google API key": (drawn("AIza", URL_SAFE, 35), "clé Google :", "Google key:"),
    "Stripe key": (drawn("sk_live_", ALNUM, 24), "clé Stripe :", "Stripe key:"),
    "SendGrid key": (sendgrid, "clé SendGrid :", "SendGrid key:"),
    "JSON web token": (jwt, "Bearer", "Bearer"),
    "private key (PEM)": (private_key, "ma clé :", "my key:"),
    '`api_key = "…"`': (assigned, "config :", "config:"),
}

PERSONAL = {
    "IBAN, French": (iban_fr, "IBAN :", None),
    "IBAN, British": (iban_gb, None, "IBAN:"),
    "bank card": (card, "carte bancaire :", "credit card:"),
    "social security, French (NIR)": (nir, "numéro de sécu :", None),
    "social security, American (SSN)": (ssn, None, "SSN:"),
    "national insurance, British": (nino, None, "national insurance number:"),
    "NHS number, British": (nhs, None, "NHS number:"),
    "company number, French (SIREN)": (siren, "SIREN :", None),
    "telephone, French": (phone_fr, "tél. :", None),
    "telephone, British or American": (phone_en, None, "phone:"),
    "e-mail address": (email, "mail :", "e-mail:"),
    "IPv4 address": (ipv4, "adresse IP :", "IP address:"),
    "name of an internal host": (internal_host, "serveur :", "server:"),
}

KINDS = SECRETS | PERSONAL


def plant(post: dict, kind: str, announced: bool, dice: Dice) -> dict:
    """The post with an item in it: after a word that announces it, or anywhere between two words."""
    make, fr, en = KINDS[kind]
    item, words = make(dice), post["text"].split(" ")
    at = dice.randint(1, len(words))
    before = words[:at] + ([fr if post["lang"] == "fr" else en] if announced else [])
    start = len(" ".join(before)) + 1
    text = " ".join([*before, item, *words[at:]])
    return {"lang": post["lang"], "text": text, "kind": kind, "span": [start, start + len(item)]}


def languages(kind: str) -> list[str]:
    _, fr, en = KINDS[kind]
    return [lang for lang, word in (("fr", fr), ("en", en)) if word]


def posts(clean: Iterator[dict], each: int, quiet: int, seed: int) -> list[dict]:
    """`each` posts of every kind, half of them announced, then `quiet` posts with nothing to find."""
    dice, waiting = Dice(seed), {"fr": [], "en": []}

    def next_in(lang: str) -> dict:
        while not waiting[lang]:
            post = next(clean)
            waiting[post["lang"]].append(post)
        return waiting[lang].pop()

    out = []
    for kind in KINDS:
        langs = languages(kind)
        for n in range(each):
            out.append(plant(next_in(langs[n % len(langs)]), kind, n // len(langs) % 2 == 0, dice))
    for n in range(quiet):
        out.append(next_in("fr" if n % 2 == 0 else "en") | {"kind": None})
    return [post | {"id": n} for n, post in enumerate(out)]
