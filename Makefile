# The two commands of the README are `make dev` and `make test`.
# Everything but the race detector is built without a C compiler.

ARGS  ?=
SEEDS ?= 20
ORDERS ?= 1000000
# The version that binaries and images tell: the tag, or the commit after it.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
# What is built does not name this clone: another clone, and .ci/run, take it from the cache.
export GOFLAGS += -trimpath

.DEFAULT_GOAL := help
.PHONY: help dev build image release sbom digests test test-long mutants bench bench-rmas bench-rooms \
	bench-million bench-growth bench-console bench-portal bench-tickets bench-waiting-tickets bench-mails \
	bench-scim bench-sign-ins bench-sync chaos side-by-side lint

help: ## Show this list.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

dev: ## Build everything and run it in one process; options with ARGS='--day 2s'.
	@scripts/build-dev.sh
	@exec bin/roomcover-dev up --customer $(ARGS)

build: ## Build bin/roomcover and bin/roomcover-dev.
	@scripts/build-dev.sh
	@if [ -d cmd/roomcover ]; then CGO_ENABLED=0 go build -ldflags='-X main.version=$(VERSION)' \
		-o bin/roomcover ./cmd/roomcover; fi

image: ## Build the image roomcover:VERSION; needs docker.
	@docker build --build-arg VERSION=$(VERSION) -t roomcover:$(VERSION) .

release: ## Build stamped binaries with checksums and bills of materials; VERSION=v1.2.3.
	@scripts/release.sh '$(VERSION)'

sbom: ## Write the bills of materials of both modules (CycloneDX) to bin/sbom.
	@scripts/sbom.sh

digests: ## Pin every image by the digest that its tag has now; needs a network.
	@scripts/digests.sh

test: ## Run every test that this machine can run.
	@scripts/test.sh

test-long: ## Run the same tests with many more random histories, larger files and longer chaos.
	@ROOMCOVER_LONG=1 scripts/test.sh

mutants: ## Break the rules one place at a time and count what no test notices; takes hours.
	@scripts/mutants.sh $(ARGS)

bench: ## Measure throughput and cost against no-op workflows and a program by hand.
	@scripts/build-dev.sh
	@exec bin/roomcover-dev bench $(ARGS)

bench-rmas: ## Measure replacements against their workflow doing nothing and by hand, on PostgreSQL.
	@$(MAKE) --no-print-directory build
	@exec bin/roomcover-dev bench --rmas 100 --concurrency 16 --database postgres --program bin/roomcover $(ARGS)

bench-rooms: ## Measure rooms, devices and cover on PostgreSQL.
	@$(MAKE) --no-print-directory build
	@exec bin/roomcover-dev bench-rooms --program bin/roomcover $(ARGS)

bench-sync: ## Measure customers' Sync, 5,000 places and 100 connections, on PostgreSQL.
	@$(MAKE) --no-print-directory build
	@exec bin/roomcover-dev bench-sync --program bin/roomcover $(ARGS)

bench-million: ## Ask a database with a million orders what people ask; ORDERS=100000 for less.
	@ROOMCOVER_MILLION=$(ORDERS) ROOMCOVER_TEST_POSTGRES_LARGE=1 CGO_ENABLED=0 \
		go run ./scripts/testpostgres go test ./models/storetest/million \
		-run XXX -bench AtAMillion -benchtime 1x -timeout 6h

SIZES ?= 10000,100000,1000000
bench-growth: ## Do the same work among 10,000, 100,000 and a million orders; SIZES=10000,100000 for less.
	@ROOMCOVER_BENCH_GROWTH=$(SIZES) ROOMCOVER_TEST_POSTGRES_LARGE=1 CGO_ENABLED=0 \
		go run ./scripts/testpostgres go test ./console -tags long -run WhatGrowthCosts -count=1 -v -timeout 6h

bench-console: ## Measure the console's reads among ORDERS orders and rooms (100000), and fifty open consoles.
	@ROOMCOVER_BENCH_READS=$(or $(ORDERS),100000) ROOMCOVER_BENCH_CONSOLE=1 \
		ROOMCOVER_TEST_POSTGRES_LARGE=1 CGO_ENABLED=0 go run ./scripts/testpostgres \
		go test ./console -tags long -run 'EveryReadOfTheConsole|ConsolesThatAreOpen' -count=1 -v -timeout 2h

bench-portal: ## Measure each page of the portal in an account of ROOMS rooms (5000), on PostgreSQL.
	@ROOMCOVER_BENCH_PORTAL=$(or $(ROOMS),5000) CGO_ENABLED=0 go run ./scripts/testpostgres \
		go test ./portal -run EveryPageOfAnAccountOfFiveThousandRooms -count=1 -v -timeout 30m

bench-tickets: ## Ask for the queue, Pull and the lists among 100,000 open tickets; TICKETS=2000 for less.
	@ROOMCOVER_BENCH_TICKETS=$(or $(TICKETS),100000) ROOMCOVER_BENCH_TIMES=$(or $(TIMES),200) \
		ROOMCOVER_TEST_POSTGRES_LARGE=1 CGO_ENABLED=0 go run ./scripts/testpostgres go test ./console ./portal \
		-run 'AmongManyTickets$$' -p 1 -count=1 -v -timeout 30m

bench-waiting-tickets: ## Measure a worker while 10,000 tickets wait, on PostgreSQL; TICKETS=1000 for less.
	@$(MAKE) --no-print-directory build
	@exec bin/roomcover-dev bench --tickets --waiting $(or $(TICKETS),10000) --database postgres \
		--program bin/roomcover $(ARGS)

bench-mails: ## Measure how many mails a second are taken, on SQLite and PostgreSQL.
	@CGO_ENABLED=0 go test ./mailin -run XXX -bench Mails -benchtime 2000x -timeout 30m

bench-scim: ## Send 25 directory requests a second, on SQLite and PostgreSQL; LASTS=1m (10s).
	@ROOMCOVER_SCIM_BENCH=$(or $(LASTS),10s) CGO_ENABLED=0 go run ./scripts/testpostgres \
		go test ./scim -run XXX -bench TwentyFive -benchtime 1x -timeout 30m

bench-sign-ins: ## Measure SIGNINS sign-ins (200) by a company's provider and by password, on PostgreSQL.
	@ROOMCOVER_BENCH_SIGN_INS=$(or $(SIGNINS),200) CGO_ENABLED=0 go run ./scripts/testpostgres \
		go test ./portal -run WhatSignInsCost -count=1 -v -timeout 30m

chaos: ## Kill parts at random and check that nothing is lost; SEEDS=20.
	@cd dev && CHAOS_SEEDS=$(SEEDS) CGO_ENABLED=0 go test -count=1 -timeout 150m -v ./chaos/...

side-by-side: ## Run workers of two commits on the same work; ARGS='--from REV'.
	@ROOMCOVER_LONG=1 scripts/side-by-side.sh $(ARGS)

lint: ## Check format and correctness of the code.
	@scripts/lint.sh
