# Every command of the project. Each installs what it needs first; only git, make and python3 (with venv) must be there.
# ARGS goes to the command: make test ARGS="-k stream"; make serve ARGS="--config my.toml".
PYTHON ?= python3
SIZE ?= 1.0
BIN := .venv/bin

.PHONY: help serve install dev train test check docs bench soak model model-eval model-check lock clean

help: ## what there is to make
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 13

serve: install ## install what serving needs, and serve
	@exec $(BIN)/penstock serve $(ARGS)

test: dev ## install what testing needs, and run every test
	@$(BIN)/pytest -n auto $(ARGS)

install: ## make .venv/ with the penstock command
	@$(PYTHON) scripts/install.py

dev: ## the same, with the tools for tests and checks
	@$(PYTHON) scripts/install.py dev

train: dev ## the same, with PyTorch
	@$(PYTHON) scripts/install.py train

check: dev ## lint, format, types, import arrows, docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/docs

docs: dev ## write the generated pages of docs/ anew
	@$(BIN)/python -m scripts.write_settings_page
	@$(BIN)/python -m scripts.write_commands_page
	@$(BIN)/python -m scripts.write_model_page
	@$(BIN)/python -m scripts.write_parameters_page

bench: dev ## measure speed against a bare proxy (needs nginx and wrk)
	@$(BIN)/python -m bench $(ARGS)

soak: dev ## long runs of faults and load; SIZE=0.1 for a tenth
	@$(BIN)/python -m soak --size $(SIZE) $(ARGS)

model: train ## make penstock-tiny anew: data, tokenizer, training (an hour or two), export, scores
	@$(BIN)/python -m training $(ARGS)

model-eval: dev ## score the bundled model on held-out prompts, and write its card
	@$(BIN)/python -m training --only evaluate $(ARGS)

model-check: train ## test the making of the model, small
	@$(BIN)/pytest -q -p no:randomly training/tests $(ARGS)

lock: ## renew requirements/*.lock (needs uv)
	@scripts/lock.sh $(ARGS)

clean: ## remove .venv/ and every cache
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
