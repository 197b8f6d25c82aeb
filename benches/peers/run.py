"""Measures Vigie's check engine beside other tools: `make bench-peers` (README.md beside this file says what and why).

    run.py            installs, measures, prints two tables in Markdown
    run.py --write    also puts them in docs/performance.md and docs/accuracy.md

PEERS_EACH sets how many posts of each kind are planted (60), PEERS_RUNS how often each speed is taken (3).
"""

import datetime
import itertools
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path

import planted
import tools
from tools import Found, Tool

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
INSTALLED = TARGET / "peers"
CARGO = os.environ.get("CARGO", "cargo")

POSTS = 200_000
QUIET = 2_000
EACH = int(os.environ.get("PEERS_EACH", "60"))
RUNS = int(os.environ.get("PEERS_RUNS", "3"))
SEED = 20_261_128


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def do(*command: str | Path, **options) -> None:
    subprocess.run([str(c) for c in command], check=True, stdout=sys.stderr, **options)


# Installing


def install() -> None:
    """The tools, at the versions and with the digests of the lock files, in target/peers."""
    say("installing the peers in " + str(INSTALLED))
    INSTALLED.mkdir(parents=True, exist_ok=True)
    if not (INSTALLED / "venv/bin/python").exists():
        venv.create(INSTALLED / "venv", with_pip=True)
    wanted = HERE / "requirements.txt"
    do(INSTALLED / "venv/bin/python", *"-m pip install --quiet --require-hashes --no-deps -r".split(), wanted)
    if shutil.which("npm") is None:
        say("npm is not there: secretlint is left out")
        return
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, INSTALLED)
    do("npm", *"ci --ignore-scripts --no-fund --no-audit --loglevel=error".split(), cwd=INSTALLED)


def build() -> Path:
    """The program that answers lines of JSON with Vigie's findings."""
    say("building Vigie's check engine")
    do(CARGO, *"build --quiet --release --locked -p vigie-check --example lines".split(), cwd=ROOT)
    return TARGET / "release/examples/lines"


def write_corpus(file: Path) -> None:
    """The posts of `benches/throughput`, so that the same are measured everywhere."""
    say("writing the posts")
    environment = os.environ | {"BENCH_WRITE": str(file), "BENCH_POSTS": str(POSTS)}
    do(CARGO, *"bench --quiet --locked -p vigie-check --bench throughput".split(), cwd=ROOT, env=environment)


# Measuring


@dataclass
class Took:
    """What a run took: seconds of processor, bytes of memory."""

    cpu: float
    memory: int


def run(tool: Tool, posts: Path, texts: Path, report: Path) -> Took:
    """One run of a tool on posts, given as lines of JSON and as texts; it leaves its report."""
    stdin, stdout = (posts, report) if tool.reads_lines else (os.devnull, report.with_suffix(".out"))
    command = [sys.executable, HERE / "measure.py", stdin, stdout, *tool.command(texts, report)]
    # Go programs start a thread a core, even where they may use only one.
    environment = os.environ | {"GOMAXPROCS": "1"}
    done = subprocess.run(
        [str(c) for c in command], check=True, capture_output=True, text=True, cwd=report.parent, env=environment
    )
    took = json.loads(done.stdout)
    # Scanners have an exit status of their own for “found something”; what is missing is the report when one fails.
    if not report.exists() or tool.reads_lines and took["status"] != 0:
        raise SystemExit(f"{tool.name} failed:\n{Path(str(stdout) + '.err').read_text(errors='replace')[-2000:]}")
    return Took(took["cpu"], took["memory"])


@dataclass
class Speed:
    tool: Tool
    posts: float
    megabytes: float
    start: float
    memory: int


def cut(corpus: Path, count: int, work: Path) -> tuple[Path, Path, int]:
    """The first posts as lines of JSON and as text, a line each, and how many bytes of text they are."""
    posts, texts, size = work / f"{count}.jsonl", work / f"{count}.txt", 0
    with corpus.open(encoding="utf-8") as source, posts.open("w") as out, texts.open("w", encoding="utf-8") as plain:
        for line in itertools.islice(source, count):
            text = json.loads(line)["text"]
            out.write(line)
            plain.write(text.replace("\n", " ") + "\n")
            size += len(text.encode())
    return posts, texts, size


def speed(tool: Tool, corpus: Path, work: Path) -> Speed:
    """The best of some runs on many posts, less the best on two posts: one of each language wakes what sleeps."""
    say(f"speed of {tool.name}")
    report = work / "report.jsonl"

    def best(count: int) -> tuple[Took, int]:
        posts, texts, size = cut(corpus, count, work)
        runs = [run(tool, posts, texts, report) for _ in range(RUNS)]
        return min(runs, key=lambda took: took.cpu), size

    start, _ = best(2)
    took, size = best(tool.posts)
    # Less than this cannot be told from the time to start, which differs from run to run.
    net = max(took.cpu - start.cpu, 0.05)
    return Speed(tool, tool.posts / net, size / net / 1e6, start.cpu, took.memory)


def overlaps(found: Found, post: dict) -> bool:
    start, end = post["span"]
    item = post["text"][start:end]
    if isinstance(found.place, str):
        return found.place.strip() in item or item in found.place
    return found.place[0] < end and start < found.place[1]


def in_characters(found: Found, posts: list[dict]) -> Found:
    text = posts[found.post]["text"].encode()
    start, end = (len(text[:at].decode(errors="ignore")) for at in found.place)
    return Found(found.post, found.name, (start, end))


@dataclass
class Recall:
    tool: Tool
    #: By kind: posts in which the item was found under its name, and under another only.
    right: dict[str, int]
    other: dict[str, int]
    #: Findings on posts with nothing planted.
    quiet: int


def findings(tool: Tool, posts: list[dict], folder: Path, work: Path) -> list[Found]:
    report = work / "found.jsonl"
    report.unlink(missing_ok=True)
    run(tool, work / "planted.jsonl", folder, report)
    found = list(tool.read(report))
    return [in_characters(f, posts) for f in found] if tool.in_bytes else found


def recall(tool: Tool, posts: list[dict], folder: Path, work: Path) -> Recall:
    say(f"what {tool.name} finds")
    by_post: dict[int, list[Found]] = {}
    for found in findings(tool, posts, folder, work):
        by_post.setdefault(found.post, []).append(found)
    out = Recall(tool, dict.fromkeys(planted.KINDS, 0), dict.fromkeys(planted.KINDS, 0), 0)
    for post in posts:
        kind, found = post["kind"], by_post.get(post["id"], [])
        if kind is None:
            out.quiet += len(found)
            continue
        names = [f.name for f in found if overlaps(f, post)]
        if any(tool.right(kind, name) for name in names):
            out.right[kind] += 1
        elif names:
            out.other[kind] += 1
    return out


def write_planted(corpus: Path, work: Path) -> tuple[list[dict], Path]:
    """Posts with known answers, as lines of JSON and as files of their own: a post is judged by itself."""
    with corpus.open(encoding="utf-8") as source:
        clean = (post for post in map(json.loads, source) if not post["planted"])
        posts = planted.posts(clean, EACH, QUIET, SEED)
    folder = work / "planted"
    folder.mkdir()
    with (work / "planted.jsonl").open("w", encoding="utf-8") as out:
        for post in posts:
            out.write(json.dumps({key: post[key] for key in ("id", "lang", "text")}) + "\n")
            (folder / f"{post['id']:06}.txt").write_text(post["text"] + "\n", encoding="utf-8")
    return posts, folder


# Writing


def row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def number(value: float) -> str:
    """Three digits that count, thousands apart: more would say more than was measured."""
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if rounded >= 100 else f"{rounded:g}"


def where() -> str:
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.split(":")[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        model = names[0] if names else model
    today = datetime.date.today()
    return f"{today.day} {today:%B %Y}, {model}, {os.cpu_count()} cores"


def listed(speeds: list[Speed], ours: float) -> str:
    return "; ".join(f"{s.tool.name} ({number(s.posts / ours)})" for s in speeds)


def summary(speeds: list[Speed]) -> str:
    """In words, so that nobody has to look for the row where Vigie loses."""
    whole, alike, *others = speeds
    out = []
    for mine, what in ((whole, "With all its rules"), (alike, "With the rules alone that look for such things")):
        ahead = sorted((s for s in others if s.posts > mine.posts), key=lambda s: s.posts)
        behind = sorted((s for s in others if s.posts <= mine.posts), key=lambda s: -s.posts)
        slower = f"Vigie is slower than {listed(ahead, mine.posts)}." if ahead else "Vigie is slower than none."
        faster = f" It is faster than {listed(behind, mine.posts)}." if behind else ""
        out.append(f"{what}, {slower}{faster}")
    out.append("In brackets: their speed as a multiple of Vigie's.")
    return "\n".join(out)


def speed_table(speeds: list[Speed]) -> str:
    ours = speeds[0].posts
    head = ["tool", "version", "looks for", "posts/s", "MB/s", "times Vigie", "start, s", "most memory"]
    out = [f"{where()}:", "", row(*head), "|---|---|---|--:|--:|--:|--:|--:|"]
    for s in speeds:
        start = f"{s.start:.2f}" if s.tool.tells_start else "–"
        cells = [number(s.posts), number(s.megabytes), number(s.posts / ours), start]
        out.append(row(s.tool.name, s.tool.version, s.tool.rules, *cells, f"{s.memory / 1e6:.0f} MB"))
    return "\n".join([*out, "", summary(speeds)])


def recall_table(recalls: list[Recall], all_rules: int) -> str:
    out = [
        f"{where()}; {EACH} posts of each kind.",
        "",
        row("planted", *(r.tool.name.replace(", rules for such things only", "") for r in recalls)),
        "|---|" + "--:|" * len(recalls),
    ]
    for kind in planted.KINDS:
        cells = [f"{r.right[kind]}" + (f" (+{r.other[kind]})" if r.other[kind] else "") for r in recalls]
        out.append(row(kind, *cells))
    out.append(row(f"*findings on {QUIET:,} posts with nothing planted*", *(r.quiet for r in recalls)))
    out += ["", f"With all its rules, Vigie has {all_rules:,} findings on those {QUIET:,} posts."]
    return "\n".join(out)


def put(document: Path, name: str, table: str) -> None:
    """Replaces what stands between the two marks of a document."""
    begin, end = f"<!-- bench-peers: {name} -->", "<!-- bench-peers: end -->"
    before, _, rest = document.read_text(encoding="utf-8").partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise SystemExit(f"{document} has no marks {begin} … {end}")
    document.write_text(f"{before}{begin}\n{table}\n{end}{after}", encoding="utf-8")


def main() -> None:
    install()
    program = build()
    # Not in target/: tools pass over what a .gitignore names.
    with tempfile.TemporaryDirectory(prefix="vigie-peers-") as folder:
        work = Path(folder)
        corpus = work / "corpus.jsonl"
        write_corpus(corpus)
        all_of_them = tools.all_tools(program, INSTALLED, work)
        speeds = speed_table([speed(tool, corpus, work) for tool in all_of_them])
        posts, texts = write_planted(corpus, work)
        whole, *rest = [recall(tool, posts, texts, work) for tool in all_of_them if tool.finds]
        recalls = recall_table(rest, whole.quiet)
    print(f"{speeds}\n\n{recalls}")
    if "--write" in sys.argv:
        put(ROOT / "docs/performance.md", "speed", speeds)
        put(ROOT / "docs/accuracy.md", "recall", recalls)


if __name__ == "__main__":
    main()
