# Vigie: every command a newcomer needs. `make help` lists them.
SHELL := /bin/bash
VENDOR := crates/vigie/assets/vendor/icons.svg
CARGO ?= cargo

.PHONY: help assets demo run test bench bench-peers eval lint docs fuzz

help: ## list these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

assets: $(VENDOR) ## fetch and build the third-party files of the pages (Node 20 or later)

$(VENDOR): web/package.json web/package-lock.json web/icons.txt web/build.mjs
	cd web && npm ci --no-fund --no-audit --loglevel=error && node build.mjs

demo: assets ## show the main job in the browser, on a throw-away folder
	$(CARGO) run --release --locked -p vigie -- demo

run: assets ## start for real, on ./data, loopback only
	$(CARGO) run --release --locked -p vigie -- serve --data data

test: ## install what tests need, and run everything
	tests/run

bench: assets ## measure what docs/performance.md states
	$(CARGO) bench --locked -p vigie-check --bench throughput
	$(CARGO) bench --locked -p vigie --bench service --features testing
	$(CARGO) bench --locked -p vigie --bench due --features testing

bench-peers: ## measure the check engine beside other tools (downloads 200 MB; benches/peers/README.md)
	CARGO="$(CARGO)" python3 -B benches/peers/run.py

eval: ## measure what docs/accuracy.md states: recall and false alarms on posts with known answers
	$(CARGO) run -q --release --locked -p vigie-check --example evaluate -- --rules evaluation/dev
	$(CARGO) run -q --release --locked -p vigie-check --example evaluate -- evaluation/frozen

docs: assets ## write the documents that are made from the program: the schema of the rule language, a page for each rule, what each network takes
	$(CARGO) run -q --locked -p vigie-check --features schema --example schema > target/rule.schema.json
	mv target/rule.schema.json docs/rule.schema.json
	$(CARGO) run -q --locked -p vigie -- rules docs docs/rules
	$(CARGO) run -q --locked -p vigie -- connect docs docs

FUZZ_SECONDS ?= 180
fuzz: ## try the readers of texts, rules and pictures with made-up bytes, three minutes each (fuzz/README.md)
	$(CARGO) run -q --locked -p vigie-check --features pictures --example seeds -- fuzz/corpus
	cd fuzz && for target in check rule picture jsonl sarif; do \
	  RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run --sanitizer none $$target corpus/$$target -- \
	    -max_total_time=$(FUZZ_SECONDS) -timeout=20 -max_len=4096 || exit 1; done

lint: assets ## formatting and lints, warnings are errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
