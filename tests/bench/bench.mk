# make bench: ratios against bare programs that do the same work; docs/bench.md explains the rows.
# BENCH=quick shows in a minute that it works; BENCH="guard cgi" measures these rows alone.
# make static: the programs without any shared library, as plain CGI on other machines wants them;
# all but deliver and 2fa, because Debian has no static libqrencode, nor what libcurl needs.

BENCH ?=
BENCH_PROGRAMS = $(patsubst %,$(BUILD)/bench/%,fill bare spawn hello hello-static)
STATIC = $(patsubst $(BUILD)/%,$(BUILD)/static/%,$(filter-out %/deliver %/2fa,$(PROGRAMS)))
STATIC_LIBS = -lfcgi -lsqlite3 $(BUILD)/cjson/libcjson.a -lsodium -lutf8proc -lzxcvbn -lm -lcrypto

bench: all $(BUILD)/static/cgi-bin/guard $(BENCH_PROGRAMS)
	@tests/bench/run $(BUILD) $(BENCH)

static: $(STATIC)

# Debian has no static cJSON.
$(BUILD)/cjson/libcjson.a: tools/static-cjson
	$(call say,GET,$@)CC='$(CC)' tools/static-cjson $(@D)

# The linker warns of dlopen and gethostbyname in the libraries; nothing here calls them.
$(BUILD)/static/cgi-bin/%: $(BUILD)/obj/cgi-bin/%.o $(LIBRARY) $(BUILD)/cjson/libcjson.a $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) -static -Wl,-z,relro,--gc-sections $(LDFLAGS) -o $@ $< $(LIBRARY) $(STATIC_LIBS)

$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(LIBRARY) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call link)

$(BUILD)/bench/hello-static: tests/bench/hello_static.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) -std=c11 $(OPTIMIZE) $(WARNINGS) -static -o $@ $<

.PHONY: bench static
