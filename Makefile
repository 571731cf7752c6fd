# Every target that needs it brings its own tools first (scripts/bootstrap.sh; quick when all is there).
# `make` alone explains the targets.

PREFIX ?= /usr/local
DESTDIR ?=
FUZZ_SECONDS ?= 60

NODE := node --import tsx
BIN := node_modules/.bin
SHIM := out/containerd-shim-uvm-v1
# Launchers of further programs in the shim's executable.
PROGRAMS := uvmctl uvm-vmservice
IMAGE := vmlinuz initrd.cpio root.erofs manifest.json
# Of `make demo`: qemu, or local for containers on this host without a VM.
STACK ?= qemu

.DEFAULT_GOAL := help
.PHONY: help bootstrap demo test check docs format build uvm-image bench soak clean install uninstall fuzz test-peers test-windows windows-rig conformance test-unit test-integration test-qemu faults build-failpoints trace compliance

help: ## explain the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

bootstrap: ## install the Debian packages and npm modules that the other targets use
	@scripts/bootstrap.sh

demo: build uvm-image ## run a container in a VM, on a private containerd, and say what ran where (STACK=local: no VM)
	@$(NODE) scripts/demo.ts $(STACK)

test: build build-failpoints ## unit tests (Bun and Node), then real containerd and ctr, without and with VMs, then faults, then the Windows half; one closing line
	@# Beside each other: most of the image and of the rig is packages that are fetched and unpacked.
	@$(MAKE) --no-print-directory -j2 uvm-image windows-rig
	@$(NODE) scripts/test.ts unit integration qemu integration-qemu faults budget windows

test-unit: bootstrap ## the unit tests alone
	@$(NODE) scripts/test.ts unit

test-integration: build ## the integration tests alone, on the local stack
	@$(NODE) scripts/test.ts integration

test-qemu: build uvm-image ## what boots VMs alone: the stack and its image, the integration tests in VMs
	@$(NODE) scripts/test.ts qemu integration-qemu

test-windows: windows-rig ## the Windows half alone: Windows' Node under Wine, a stand-in computecore.dll (docs/windows.md)
	@$(NODE) scripts/test.ts windows

windows-rig: bootstrap
	@scripts/bootstrap.sh windows
	@scripts/build windows
	@scripts/build windows-failpoints

faults: build build-failpoints uvm-image ## play the fault matrix and print it as a table (FAULTS="words": those alone; STACK=local or qemu)
	@$(NODE) test/faults/main.ts $(if $(filter command line environment,$(origin STACK)),--stack $(STACK)) $(FAULTS)

test-peers: build uvm-image ## containerd/shimtest, the same flows with containerd 2.x and nerdctl, ttrpc against Go (needs Go >= 1.26)
	@test/peers/run

conformance: build uvm-image ## all of containerd/shimtest, its stress runs and benchmarks, on every stack (STACKS: those; SHIMTEST: another release)
	@scripts/bootstrap.sh peers
	@scripts/peers.sh
	@$(NODE) test/conformance/main.ts $(STACKS)

trace: build $(if $(filter local,$(STACK)),,uvm-image) ## one pod's life as a Perfetto trace and a picture of its stages, into out/trace (STACK=local: no VM)
	@$(NODE) scripts/trace.ts $(STACK) out/trace

compliance: build uvm-image ## run the compliance suite on every stack and print what each supports (UVM_OPENVMM: a real OpenVMM's program)
	@$(NODE) scripts/compliance.ts

check: bootstrap ## compiler, linter, formatter, layer rule, generated code, lock file, file lengths, links, the page of the seeds
	$(BIN)/tsc -p .
	$(BIN)/biome check .
	$(NODE) scripts/check/main.ts
	$(NODE) scripts/generate-proto.ts --check
	$(NODE) scripts/generate-docs.ts --check

docs: bootstrap ## write the parts of the documentation that are data in the code
	$(NODE) scripts/generate-docs.ts

format: bootstrap ## rewrite the sources as the formatter and the linter's safe fixes want them
	$(BIN)/biome check --write .

build: bootstrap ## build the shim, its launcher and one self-contained executable, into out/
	@scripts/build

build-failpoints: bootstrap ## build the shim that the fault matrix breaks from inside, into out/faults/
	@scripts/build failpoints

uvm-image: bootstrap ## build the kernel and root file system of the utility VM into out/uvm
	@nice scripts/uvm-image/build

bench: build uvm-image ## measure beside the peers and write docs/performance.* (QUICK=1: fewer rounds, without the slow parts, ONLY=calls,echo: some parts; both only printed; PATIENCE=4: times the bounds, on a busy machine; needs Go >= 1.26)
	@scripts/peers.sh >/dev/null
	@$(NODE) scripts/bench/main.ts $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY)) $(if $(PATIENCE),--patience $(PATIENCE))

soak: build uvm-image ## lifecycles by the thousand, 200 containers in a pod, containerd restarted under 50 (SOAK: parts, options of test/soak/main.ts)
	@$(NODE) test/soak/main.ts $(SOAK)

fuzz: bootstrap ## feed all that reads what others write with damaged input: FUZZ_SECONDS a target (60), or FUZZ_INPUTS in all
	@$(NODE) test/fuzz/main.ts $(if $(FUZZ_INPUTS),--inputs $(FUZZ_INPUTS),--seconds $(FUZZ_SECONDS)) $(if $(FUZZ_SEED),--seed $(FUZZ_SEED))

install: build uvm-image ## install the shim and the VM's image under PREFIX (default /usr/local)
	install -D -m 0755 $(SHIM) $(DESTDIR)$(PREFIX)/bin/containerd-shim-uvm-v1
	install -D -m 0755 out/shim/containerd-shim-uvm-v1 $(DESTDIR)$(PREFIX)/lib/uvm-shim/containerd-shim-uvm-v1
	for name in $(PROGRAMS); do install -m 0755 out/$$name $(DESTDIR)$(PREFIX)/bin/$$name || exit 1; done
	for file in $(IMAGE); do install -D -m 0644 out/uvm/$$file $(DESTDIR)$(PREFIX)/lib/uvm-shim/$$file || exit 1; done

uninstall: ## remove what install put under PREFIX
	[ -n "$(DESTDIR)" ] || rm -rf /run/uvm-shim/.spares
	rm -f $(DESTDIR)$(PREFIX)/bin/containerd-shim-uvm-v1 $(DESTDIR)$(PREFIX)/lib/uvm-shim/containerd-shim-uvm-v1
	for name in $(PROGRAMS); do rm -f $(DESTDIR)$(PREFIX)/bin/$$name; done
	for file in $(IMAGE); do rm -f $(DESTDIR)$(PREFIX)/lib/uvm-shim/$$file; done
	[ ! -d $(DESTDIR)$(PREFIX)/lib/uvm-shim ] || rmdir $(DESTDIR)$(PREFIX)/lib/uvm-shim

clean: ## remove what build and the tests made
	rm -rf out
