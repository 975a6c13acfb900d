# How the tests are built and run; included by the Makefile.

# Asked for when a test is built, because who only builds and runs has no such packages.
TEST_FLAGS = $(shell pkg-config --cflags check libcurl) -Itests
CHECK_LIBS = $(shell pkg-config --libs check)
CURL_LIBS = $(shell pkg-config --libs libcurl)

UNIT = $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/*_test.c))
HTTP = $(patsubst tests/http/%.c,$(BUILD)/tests/http/%,$(wildcard tests/http/*_test.c))
FUZZ = $(patsubst tests/fuzz/%.c,$(BUILD)/tests/fuzz/%,$(wildcard tests/fuzz/*_fuzz.c))
FUZZERS = $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*_fuzz.c))
HARNESS = $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out %_test.c,$(wildcard tests/http/*.c)))

$(BUILD)/obj/tests/%.o: tests/%.c $(BUILD)/flags | $(BUILD)/gen/queries.h
	@mkdir -p $(@D)
	$(call compile,$(TEST_FLAGS))

$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/obj/tests/unit/fixture.o $(LIBRARY) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call link,,$(CHECK_LIBS))

$(BUILD)/tests/http/%: $(BUILD)/obj/tests/http/%.o $(HARNESS) $(LIBRARY) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call link,,$(CHECK_LIBS) $(CURL_LIBS))

$(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/obj/tests/fuzz/replay.o $(LIBRARY) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call link)

# With libFuzzer's own main; tools/check-all builds these with clang and its sanitizers.
$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(LIBRARY) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call link,-fsanitize=fuzzer)

include tests/bench/bench.mk
include tests/slow/slow.mk

tests: $(UNIT) $(HTTP) $(FUZZ)

fuzzers: $(FUZZERS)

slow-tests: $(SLOW)

check: all tests
	@tools/check $(BUILD) unit http replay cgi layers drift

check-all:
	+@MAKE='$(MAKE) --no-print-directory' tools/check-all $(BUILD)

lint:
	+@$(MAKE) -s --no-print-directory $(GENERATED)
	@CPPFLAGS='$(subst ','\'',$(YETT_CPPFLAGS))' tools/lint

.PHONY: tests fuzzers slow-tests check check-all lint
