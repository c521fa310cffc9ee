# The course's commands. `make help` lists them; README.md says more.
PYTHON ?= python3
BIN := .venv/bin
# Set-up runs with the Python outside the environment, so that it can make the environment anew.
SETUP := PATH="$(PATH)" $(PYTHON) scripts/setup.py
# nbgrader calls other commands by name, so the environment comes first on the path.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup book instructor lab test grade clean

help: ## List the commands
	@echo "Customer Satisfaction and Quality Management in Practice / 客戶滿意與品質管理實務"
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: ## Set up .venv (the other commands do it by themselves)
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found. Install Python 3.11 or newer from python.org, or name yours: make book PYTHON=python3.12"; exit 1; }
	@$(SETUP)

book: setup ## Build both editions of the book into _build/html
	@python scripts/build_book.py

instructor: setup ## Build the instructor's edition and the slides into _build/instructor
	@python scripts/build_instructor.py

lab: setup ## Open JupyterLab on the notebooks
	@jupyter lab --notebook-dir=notebooks

test: book ## Check everything (installs Chromium and bubblewrap where it can)
	@$(SETUP) --browser --sandbox
	@ruff check
	@ruff format --check
	@mypy
	@python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

grade: setup ## Run a whole grading cycle on demonstration submissions (installs bubblewrap where it can)
	@$(SETUP) --sandbox
	@python -m csqm.course.demo

clean: ## Remove what was built, but not the set-up
	@rm -rf _build
