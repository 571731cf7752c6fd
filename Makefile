# Every target that needs it brings its own tools first (scripts/bootstrap.sh; quick when all is there).
# `make` alone explains the targets.

PREFIX ?= /usr/local
DESTDIR ?=
FUZZ_SECONDS ?= 60

NODE := node --import tsx
BIN := node_modules/.bin
SHIM := out/containerd-shim-uvm-v1

.DEFAULT_GOAL := help
.PHONY: help bootstrap demo test check docs format build uvm-image bench clean install uninstall fuzz test-peers test-unit test-integration

help: ## explain the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

bootstrap: ## install the Debian packages and npm modules that the other targets use
	@scripts/bootstrap.sh

demo: build ## run a container through the shim on a private containerd and say what ran where
	@$(NODE) scripts/demo.ts

test: build ## unit tests (Bun and Node), then real containerd and ctr; one closing line
	@$(NODE) scripts/test.ts unit integration

test-unit: bootstrap ## the unit tests alone
	@$(NODE) scripts/test.ts unit

test-integration: build ## the integration tests alone
	@$(NODE) scripts/test.ts integration

test-peers: build ## the same flows with containerd 2.x and nerdctl, and ttrpc against Go (needs Go >= 1.26)
	@test/peers/run

check: bootstrap ## compiler, linter, formatter, layer rule, generated code, lock file, file lengths
	$(BIN)/tsc -p .
	$(BIN)/biome check .
	$(NODE) scripts/check/main.ts
	$(NODE) scripts/generate-proto.ts --check
	$(NODE) scripts/generate-docs.ts --check

docs: bootstrap ## write the parts of the documentation that are data in the code
	$(NODE) scripts/generate-docs.ts

format: bootstrap ## rewrite the sources as the formatter and the linter's safe fixes want them
	$(BIN)/biome check --write .

build: bootstrap ## build the shim, one self-contained executable, into out/
	@scripts/build

uvm-image: bootstrap ## build the kernel and root file system of the utility VM into out/uvm
	@nice scripts/uvm-image/build

bench: build ## time `ctr run` with this shim and with the runc shim
	@$(NODE) scripts/bench.ts

fuzz: bootstrap ## feed ttrpc, the bridge and the mux with damaged input, FUZZ_SECONDS each (default 60)
	@for target in ttrpc bridge mux; do echo "== $$target"; $(NODE) test/fuzz/$$target.ts $(FUZZ_SECONDS) || exit 1; done

install: build ## install the shim under PREFIX (default /usr/local)
	install -D -m 0755 $(SHIM) $(DESTDIR)$(PREFIX)/bin/containerd-shim-uvm-v1

uninstall: ## remove what install put under PREFIX
	rm -f $(DESTDIR)$(PREFIX)/bin/containerd-shim-uvm-v1

clean: ## remove what build and the tests made
	rm -rf out
