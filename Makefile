# make            build/cgi-bin/* and build/bin/yettctl
# make run        the whole thing on loopback with a demo site (PORT, STATE)
# make check      every test that fits in a few minutes; check-all the slow ones too
# make bench      ratios; make lint, format, docs, static, install as their names say

BUILD ?= build
PREFIX ?= /usr/local
CC ?= cc
AWK ?= awk
SANITIZE ?=
OPTIMIZE ?= -O2
WERROR ?= $(if $(CI),-Werror)

PACKAGES = fcgi sqlite3 libcjson libsodium libutf8proc libseccomp
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual \
	-Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wswitch-enum
HARDENING = -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
CPPFLAGS += -D_GNU_SOURCE -Icommon -I$(BUILD)/gen $(shell pkg-config --cflags $(PACKAGES))
CFLAGS += -std=c11 -g $(OPTIMIZE) $(WARNINGS) $(WERROR) $(if $(SANITIZE),$(SANITIZE),$(HARDENING))
LDFLAGS += $(if $(SANITIZE),$(SANITIZE),-pie -Wl,-z,relro,-z,now)
LDLIBS += -Wl,--as-needed $(shell pkg-config --libs $(PACKAGES)) -lzxcvbn -lm

GENERATED = $(BUILD)/gen/queries.h $(BUILD)/gen/queries.c $(BUILD)/gen/migrations.c \
	$(BUILD)/gen/templates.c
COMMON = $(wildcard common/*/*.c)
CTL = $(wildcard ctl/*.c)
PROGRAMS = $(patsubst cgi-bin/%.c,$(BUILD)/cgi-bin/%,$(wildcard cgi-bin/*.c))
LIBRARY = $(BUILD)/libyett.a
OBJECTS = $(COMMON:%.c=$(BUILD)/obj/%.o) \
	$(patsubst $(BUILD)/gen/%.c,$(BUILD)/obj/gen/%.o,$(filter %.c,$(GENERATED)))

all: $(PROGRAMS) $(BUILD)/bin/yettctl

$(BUILD)/gen/queries.h $(BUILD)/gen/queries.c: schema/queries.sql tools/sql2c
	@mkdir -p $(@D)
	tools/sql2c $(if $(filter %.h,$@),header,table) $< > $@.part && mv $@.part $@

$(BUILD)/gen/migrations.c: $(wildcard schema/[0-9]*.sql) tools/embed
	@mkdir -p $(@D)
	tools/embed migrations $(sort $(filter %.sql,$^)) > $@.part && mv $@.part $@

$(BUILD)/gen/templates.c: $(wildcard common/page/templates/*) tools/embed
	@mkdir -p $(@D)
	tools/embed templates $(sort $(filter-out tools/%,$^)) > $@.part && mv $@.part $@

$(BUILD)/obj/gen/%.o: $(BUILD)/gen/%.c $(BUILD)/gen/queries.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/obj/%.o: %.c | $(BUILD)/gen/queries.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(LIBRARY): $(OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/cgi-bin/%: $(BUILD)/obj/cgi-bin/%.o $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/bin/yettctl: $(CTL:%.c=$(BUILD)/obj/%.o) $(LIBRARY)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

include tests/tests.mk

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

.PHONY: all run check check-all bench lint format docs static install clean
.DELETE_ON_ERROR:
.SECONDARY:
