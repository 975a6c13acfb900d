# make            build/cgi-bin/* and build/bin/yettctl
# make run        the whole thing on loopback with a demo site (PORT, STATE)
# make check      every test that fits in a few minutes; check-all the slow ones too
# make lint       silent when there is nothing to say; make format applies the layout
# make docs       writes what is made from the source; install and clean as their names say
#
# CFLAGS, CPPFLAGS, LDFLAGS are the user's and come after ours. V=1 shows the commands, WERROR=-Werror
# takes no warning, SANITIZE=-fsanitize=... replaces the hardening, STATE_DIRECTORY=/var/lib/yett
# compiles in where the route executables find their state, WITH_SMTP=no leaves libcurl and the SMTP
# client out, as is done where there is no libcurl.

BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
CC ?= cc
HOSTCC ?= $(CC)
AWK ?= awk
SANITIZE ?=
OPTIMIZE ?= -O2
STATE_DIRECTORY ?=
WITH_SMTP ?= $(if $(shell pkg-config --exists 'libcurl >= 7.85' && echo found),yes,no)
WERROR ?= $(if $(CI),-Werror)
INSTALL ?= install

PACKAGES = fcgi sqlite3 libcjson libsodium libutf8proc libcrypto libqrencode \
	$(if $(filter yes,$(WITH_SMTP)),libcurl)
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual \
	-Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wswitch-enum
# Each function in a section of its own, so that a program holds nothing that it does not use.
HARDENING = $(if $(filter -O0,$(OPTIMIZE)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2) \
	-fstack-protector-strong -fPIE -ffunction-sections -fdata-sections
PACKAGE_FLAGS := $(shell pkg-config --cflags $(PACKAGES))
PACKAGE_LIBS := $(shell pkg-config --libs $(PACKAGES))
YETT_CPPFLAGS = -D_GNU_SOURCE -Icommon -I$(BUILD)/gen $(PACKAGE_FLAGS) \
	$(if $(STATE_DIRECTORY),-DYETT_STATE_DIRECTORY='"$(STATE_DIRECTORY)"') $(CPPFLAGS)
YETT_CFLAGS = -std=c11 -g $(OPTIMIZE) $(WARNINGS) $(if $(SANITIZE),$(SANITIZE),$(HARDENING)) \
	$(CFLAGS) $(WERROR)
YETT_LDFLAGS = $(if $(SANITIZE),$(SANITIZE),-pie -Wl,-z,relro,-z,now -Wl,--gc-sections) $(LDFLAGS)
YETT_LDLIBS = -Wl,--as-needed $(PACKAGE_LIBS) -lzxcvbn -lm $(LDLIBS)

# One short line for each step, or its command with V=1, or nothing with -s.
say = @$(if $(V)$(findstring s,$(firstword -$(MAKEFLAGS))),,printf '  %-4s %s\n' $(1) $(2);)
compile = $(call say,CC,$<)$(if $(V),set -x;) $(CC) $(YETT_CPPFLAGS) $(1) $(YETT_CFLAGS) -MMD -MP -c -o $@ $<
link = $(call say,LD,$@)$(if $(V),set -x;) $(CC) $(YETT_LDFLAGS) $(1) -o $@ $(filter-out $(BUILD)/flags,$^) $(YETT_LDLIBS) $(2)

GENERATED = $(BUILD)/gen/queries.h $(BUILD)/gen/queries.c $(BUILD)/gen/migrations.c \
	$(BUILD)/gen/page_templates.c $(BUILD)/gen/mail_templates.c $(BUILD)/gen/sandbox_filter.h
MIGRATIONS = $(sort $(wildcard schema/[0-9]*.sql))
PAGE_TEMPLATES = $(sort $(wildcard common/page/templates/*))
MAIL_TEMPLATES = $(sort $(wildcard common/mail/templates/*/*))
# One of the two: with libcurl or without.
LEFT_OUT = common/mail/courier_smtp$(if $(filter yes,$(WITH_SMTP)),_off).c
COMMON = $(filter-out $(LEFT_OUT),$(wildcard common/*/*.c))
CTL = $(wildcard ctl/*.c)
PROGRAMS = $(patsubst cgi-bin/%.c,$(BUILD)/cgi-bin/%,$(wildcard cgi-bin/*.c))
LIBRARY = $(BUILD)/libyett.a
OBJECTS = $(COMMON:%.c=$(BUILD)/obj/%.o) \
	$(patsubst $(BUILD)/gen/%.c,$(BUILD)/obj/gen/%.o,$(filter %.c,$(GENERATED)))

all: $(PROGRAMS) $(BUILD)/bin/yettctl

# Other flags than last time make everything anew.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(CC) $(YETT_CPPFLAGS) $(YETT_CFLAGS) $(YETT_LDFLAGS))' >$@.part
	@cmp -s $@.part $@ && rm $@.part || mv $@.part $@

# The directories stand among the prerequisites for the day when a file is taken away.
$(BUILD)/gen/queries.h $(BUILD)/gen/queries.c: schema/queries.sql tools/sql2c
	@mkdir -p $(@D)
	$(call say,GEN,$@)tools/sql2c $(if $(filter %.h,$@),header,table) $< >$@.part && mv $@.part $@

$(BUILD)/gen/migrations.c: $(MIGRATIONS) schema tools/embed
	@mkdir -p $(@D)
	$(call say,GEN,$@)tools/embed migrations $(MIGRATIONS) >$@.part && mv $@.part $@

$(BUILD)/gen/page_templates.c: $(PAGE_TEMPLATES) common/page/templates tools/embed
	@mkdir -p $(@D)
	$(call say,GEN,$@)tools/embed templates page/page.h page_templates $(PAGE_TEMPLATES) >$@.part && mv $@.part $@

$(BUILD)/gen/mail_templates.c: $(MAIL_TEMPLATES) $(wildcard common/mail/templates/*) tools/embed
	@mkdir -p $(@D)
	$(call say,GEN,$@)tools/embed templates mail/templates.h mail_built_in $(MAIL_TEMPLATES) >$@.part && mv $@.part $@

# A filter for the kernel that the build's own one has the same system calls as.
$(BUILD)/tools/seccomp2c: tools/seccomp2c.c common/route/sandbox.def $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,LD,$@)$(HOSTCC) -std=c11 -O1 -D_GNU_SOURCE $(WARNINGS) $(WERROR) -Icommon -o $@ $< -lseccomp

$(BUILD)/gen/sandbox_filter.h: $(BUILD)/tools/seccomp2c
	@mkdir -p $(@D)
	$(call say,GEN,$@)$< >$@.part && mv $@.part $@

$(BUILD)/obj/common/route/sandbox.o: $(BUILD)/gen/sandbox_filter.h

$(BUILD)/obj/gen/%.o: $(BUILD)/gen/%.c $(BUILD)/gen/queries.h $(BUILD)/flags
	@mkdir -p $(@D)
	$(call compile)

$(BUILD)/obj/%.o: %.c $(BUILD)/flags | $(BUILD)/gen/queries.h
	@mkdir -p $(@D)
	$(call compile)

$(LIBRARY): $(OBJECTS) $(wildcard common/*)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $(OBJECTS)

$(BUILD)/cgi-bin/%: $(BUILD)/obj/cgi-bin/%.o $(LIBRARY) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call link)

$(BUILD)/bin/yettctl: $(CTL:%.c=$(BUILD)/obj/%.o) $(LIBRARY) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call link)

PORT ?= 8080
STATE ?= state
SERVER ?= lighttpd

run: all
	@exec tools/run $(BUILD) $(PORT) "$(STATE)" $(if $(filter file,$(origin STATE)),no,yes) $(SERVER)

include tests/tests.mk

format:
	$(call say,FMT,'*.c *.h')find common ctl cgi-bin tests tools -name '*.[ch]' -exec clang-format -i {} +

docs: $(BUILD)/bin/yettctl
	$(call say,DOC,docs/configuration.md)mkdir -p docs && \
		$(BUILD)/bin/yettctl config --document >$(BUILD)/configuration.md && \
		mv $(BUILD)/configuration.md docs/configuration.md

install: all
	$(INSTALL) -d $(DESTDIR)$(PREFIX)/lib/yett/cgi-bin $(DESTDIR)$(PREFIX)/sbin \
		$(DESTDIR)$(PREFIX)/share/doc/yett
	$(INSTALL) -m 0755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/lib/yett/cgi-bin
	$(INSTALL) -m 0755 $(BUILD)/bin/yettctl $(DESTDIR)$(PREFIX)/sbin
	$(INSTALL) -m 0644 lighttpd.conf.example $(wildcard *.md LICENSE docs/*.md) \
		$(DESTDIR)$(PREFIX)/share/doc/yett

clean:
	rm -rf $(BUILD)

FORCE:

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

.PHONY: all run format docs install clean FORCE
.DELETE_ON_ERROR:
.SECONDARY:
