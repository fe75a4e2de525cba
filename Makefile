# The commands people need to know. What is longer than a few lines stands in scripts/.
#
#   make test ARGS="-k history"          arguments for pytest
#   make faults ARGS="--seed 7 --broker nats"
#   make run PYTHON=python3.13           another Python than python3
#   make lock ARGS=--upgrade             take the newest versions

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run dev test latest lint faults soak abuse bench docs image audit release-check lock clean clean-data

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: ## start a node on this machine, with its page; sets up what is missing
	@exec scripts/run.sh

dev: ## start a node that restarts on a change of Python, and the page with hot reload
	@exec scripts/dev.sh

test: ## run all tests: Python, the web client, and both together in a browser
	@scripts/test.sh $(ARGS)

latest: ## run all Python tests on the newest versions of everything, what we assume of libraries first
	@scripts/latest.sh $(ARGS)

lint: ## check style, types, and which way imports point
	@scripts/setup.sh dev
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-cache

faults: ## break real clusters on purpose for ten minutes, and see that nothing is lost
	@scripts/setup.sh dev
	@.venv/bin/python -m tests.faults $(ARGS)

soak: ## load each broker moderately for six hours, and see that nothing grows
	@scripts/setup.sh dev
	@.venv/bin/python -m tests.soak $(ARGS)

abuse: ## attack a real node in each known way, and print what other users notice
	@scripts/setup.sh dev
	@.venv/bin/python -m tests.abuse $(ARGS)

bench: ## measure this service and its peers side by side on this machine
	@scripts/setup.sh dev
	@.venv/bin/python -m tests.bench $(ARGS)

docs: ## build the documentation site into build/docs
	@scripts/docs.sh $(ARGS)

image: ## build the container image and try it; needs docker or podman
	@scripts/image.sh $(ARGS)

audit: ## check advisories, licences, secrets and the chart; write a bill of materials
	@scripts/audit.sh

release-check: ## see that all versions agree, and that wheels and the chart build the same twice
	@scripts/release.sh

lock: ## pin the requirements anew after pyproject.toml changed
	@scripts/setup.sh dev
	@scripts/lock.sh $(ARGS)

clean-data: ## remove the history that `make run` keeps in .data
	rm -rf .data

clean: ## remove everything that was installed, built or cached here; the history in .data stays
	rm -rf .venv build docs/site/node_modules tests/helm/resources/node_modules
	rm -rf clients/node_modules clients/web/dist clients/coverage
	rm -rf .cache .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache htmlcov
	find . -name .git -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +
