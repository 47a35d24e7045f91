# Every target is one line of commands; `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help conformance guards mutants run test fuzz fuzz-corpus torture check check-timing format lint deny openapi routes check-api check-cloudwatch autoscaler bill agree-bill bench bench-speed bench-build swarm hostile race replay golden functions models gamesim sim clean bench-functions check-infra test-aws plan apply deploy dashboards events

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: ## Build and start everything on 127.0.0.1 (PORT, GUILDHALL_DATA, DEMO=0)
	@cargo build -p guildhall-local && exec $${CARGO_TARGET_DIR:-target}/debug/guildhall

test: ## Run everything that must pass
	cargo test --workspace --quiet

check: format lint deny test ## The whole gate, the same here and in CI

check-timing: ## Show that a refused login takes the same time for known and unknown accounts (minutes)
	cargo bench --quiet -p guildhall-tests --bench timing

format: ## Refuse code that is not formatted
	cargo fmt --all --check
	cargo fmt --manifest-path tests/peers/Cargo.toml --check
	cargo fmt --manifest-path tests/peers/spacetimedb/Cargo.toml -p guildhall-spacetimedb-peer -p guildhall-spacetimedb-module --check
	cargo fmt --manifest-path tests/fuzz/Cargo.toml --check

lint: ## Refuse what clippy finds, in every target
	cargo clippy --workspace --all-targets --quiet -- -D warnings

deny: ## Refuse banned crates, licences and sources
	.ci/deny

openapi: ## Write docs/openapi.yaml, seed-data/schema.json and infra/events.json anew from the routes and the types
	cargo run --quiet -p guildhall-tests --bin openapi > docs/openapi.yaml.new && mv docs/openapi.yaml.new docs/openapi.yaml
	cargo run --quiet -p guildhall-tests --bin openapi content > seed-data/schema.json.new && mv seed-data/schema.json.new seed-data/schema.json
	cargo run --quiet -p guildhall-tests --bin openapi events > infra/events.json.new && mv infra/events.json.new infra/events.json

dashboards: ## Write the dashboards and alerts anew from infra/metrics.json
	for pair in grafana=infra/grafana/dashboards/guildhall.json cloudwatch=infra/dashboards/cloudwatch.json alerts=infra/prometheus/alerts.yaml; do \
	    file=$${pair#*=}; cargo run --quiet -p guildhall-tests --bin dashboards $${pair%%=*} > $$file.new && mv $$file.new $$file || exit 1; \
	done

routes: ## Write infra/routes.json (each function's address, memory, secrets and permissions) and the routes in functions/Cargo.toml anew
	cargo run --quiet -p guildhall-tests --bin openapi routes > infra/routes.json.new && mv infra/routes.json.new infra/routes.json
	cargo run --quiet -p guildhall-tests --bin openapi manifest < functions/Cargo.toml > functions/Cargo.toml.new && mv functions/Cargo.toml.new functions/Cargo.toml

check-api: ## Hold the running stack to docs/openapi.yaml, route by route and with made-up requests (needs Python)
	.ci/check-api

check-cloudwatch: ## Run the stack with game sims that publish to a local CloudWatch, and read what arrived (needs Python)
	.ci/check-cloudwatch

conformance: ## Run the table's conformance suite against Amazon's own engine of 2020 (needs Java and npm; minutes)
	.ci/conformance

test-aws: ## Run the product and the commands of docs/OPERATIONS.md in an emulated cloud, without an account (needs Python; ten minutes)
	.ci/test-aws

check-infra: ## Check infra/ without an account: rules, checkov, scripts, Terraform's validation and tests (needs Python; a minute)
	.ci/check-infra

plan: ## Show what would change in an environment of the cloud (ENV=dev)
	terraform -chdir=infra/envs/$(ENV) plan

apply: ## Change it (ENV=dev)
	terraform -chdir=infra/envs/$(ENV) apply

deploy: ## Build a release and bring it to an environment, functions first, then the fleet (ENV=dev; RELEASE=… goes back to one; DRY_RUN=1)
	infra/deploy $(ENV)

fuzz: ## Try made-up input on everything that reads bytes, each target for a minute (SECONDS=60 TARGET="packet shard"; needs C++)
	tests/fuzz/run $(or $(SECONDS),60) $(TARGET)

fuzz-corpus: ## Find the fewest inputs that reach what the corpus and the finds of `make fuzz` reach (TARGET="packet shard")
	tests/fuzz/run keep $(TARGET)

autoscaler: ## Print what a week with a launch costs and how long players wait, for several targets (a minute or two)
	cargo run --quiet -p guildhall-tests --bin autoscaler

torture: ## Kill, stop and end four game sims for five minutes while 200 bots play, then compare what is stored with what was seen
	TORTURE_PARTIES=50 TORTURE_S=300 TORTURE_KEEP=1 cargo test --release -p guildhall-tests --test story -- torture --nocapture

bill: ## Print what a hundred rooms cost for an hour, item by item and as JSON (half a minute)
	cargo run --quiet -p guildhall-tests --bin bill

agree-bill: ## Write infra/bill.json anew, after a change that is worth its price
	cargo run --quiet -p guildhall-tests --bin bill agree > infra/bill.json.new && mv infra/bill.json.new infra/bill.json

bench: bench-speed bench-functions bench-build ## Print every figure that the documents promise, with its goal (half an hour)

bench-speed: ## The figures of the running product alone (five minutes; GUILDHALL_BENCH_POSTGRES, SECTIONS="api allocation")
	cargo build --quiet -p guildhall-local
	GUILDHALL_EXE=$${CARGO_TARGET_DIR:-$(CURDIR)/target}/debug/guildhall cargo bench --quiet -p guildhall-tests --features peers --bench speed -- $(SECTIONS)

bench-build: ## Print how long clean and incremental builds take (a quarter of an hour)
	tests/benches/build-times.sh

swarm: ## Play thousands of encrypted clients against one shard and print what a player costs (ARGS="--players 4000"; "--help")
	cargo run --quiet --profile sim -p guildhall-tests --bin swarm -- $(ARGS)

hostile: ## Play beside 100,000 forged datagrams a second, over the loopback and between network namespaces (the latter want root)
	cargo build --quiet --profile sim -p guildhall-tests --bin swarm && .ci/hostile $${CARGO_TARGET_DIR:-target}/sim/swarm

race: ## Measure a shard, the bare echo, ENet, renet2, renet, quinn, Colyseus and SpacetimeDB by turns, and print the ratios (PLAYERS="400 2000" ROUNDS=3 SPACETIMEDB=1)
	cargo build --quiet --profile sim -p guildhall-tests --bin swarm
	tests/peers/build $${CARGO_TARGET_DIR:-target}/peers
	for players in $(or $(PLAYERS),400 2000); do \
	    $${CARGO_TARGET_DIR:-target}/sim/swarm --race $${CARGO_TARGET_DIR:-target}/peers --players $$players \
	        --rounds $(or $(ROUNDS),3) --plot $${CARGO_TARGET_DIR:-target}/race-$$players.svg || exit 1; \
	done

events: ## Follow what happens on the local stack, as domain events
	@mkdir -p $${GUILDHALL_DATA:-.guildhall} && touch $${GUILDHALL_DATA:-.guildhall}/events.ndjson && exec tail -n 20 -F $${GUILDHALL_DATA:-.guildhall}/events.ndjson

models: ## Search the models of tests/models through, and print what refutes each of their naive twins (a minute; TWIN=… prints its way)
	cargo run --quiet -p guildhall-models -- $(TWIN)

guards: ## Take away each guard of tests/guards.json and expect its tests to fail (GUARDS="names"; needs Python; minutes)
	.ci/guards $(GUARDS)

mutants: guards ## The same, and then break what matters most line by line; 90 % must be noticed (ARGS="--file …"; an hour or two)
	.ci/mutants $(ARGS)

replay: ## Play a recorded session again and compare every state (ID=…; without, list what is recorded)
	@cargo build --quiet -p guildhall-local && exec $${CARGO_TARGET_DIR:-target}/debug/guildhall replay $(ID)

golden: ## Record the golden game of tests/golden anew, after a change of the world
	GUILDHALL_RENEW_GOLDEN=1 cargo test --quiet -p guildhall-tests --test sim golden

functions: ## Build every Lambda function as it is deployed
	cargo build --profile lambda -p guildhall-functions --bins

bench-functions: functions ## Print size, cold start and warm cost of every Lambda function, behind Lambda's runtime API
	cargo run --quiet -p guildhall-tests --bin functions -- $${CARGO_TARGET_DIR:-target}/lambda

gamesim: ## Build the game sim as it is deployed
	cargo build --profile sim -p guildhall-gamesim

sim: ## Let whole worlds live in virtual time and look for what must not happen (SEEDS=200 STORM_S=60; SEED=7 for one)
	$(if $(SEED),SEED=$(SEED),SEEDS=$(or $(SEEDS),200)) STORM_S=$(or $(STORM_S),60) \
	    cargo --config tests/dst/profile.toml test --quiet --workspace --test dst nothing -- --nocapture

clean: ## Remove everything that was built, and the local stack's data
	cargo clean && rm -rf .guildhall .tools
