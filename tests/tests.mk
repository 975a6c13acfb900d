# How the tests are built and run; included by the Makefile.

CHECK_CFLAGS = $(shell pkg-config --cflags check libcurl)
CHECK_LIBS = $(shell pkg-config --libs check)
CURL_LIBS = $(shell pkg-config --libs libcurl)

UNIT = $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/*_test.c))
HTTP = $(patsubst tests/http/%.c,$(BUILD)/tests/http/%,$(wildcard tests/http/*_test.c))
FUZZ = $(patsubst tests/fuzz/%.c,$(BUILD)/tests/fuzz/%,$(wildcard tests/fuzz/*_fuzz.c))
HARNESS = $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out %_test.c,$(wildcard tests/http/*.c)))

$(BUILD)/obj/tests/%.o: CPPFLAGS += $(CHECK_CFLAGS) -Itests

$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/obj/tests/unit/fixture.o $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(CHECK_LIBS)

$(BUILD)/tests/http/%: $(BUILD)/obj/tests/http/%.o $(HARNESS) $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(CHECK_LIBS) $(CURL_LIBS)

$(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/obj/tests/fuzz/replay.o $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

tests: $(UNIT) $(HTTP) $(FUZZ)
