"""betterleaks as a library, a post at a time: lines of JSON in (`id`, `text`), lines of JSON out (`id`, `findings`)."""

import json
import sys

import betterleaks


def main() -> None:
    for line in sys.stdin:
        post = json.loads(line)
        found = betterleaks.scan_string(post["text"])
        print(json.dumps({"id": post["id"], "findings": [f.rule_id for f in found]}))


if __name__ == "__main__":
    main()
