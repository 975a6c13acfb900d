# Tests that take too long for `make check`; `make check-slow` builds and runs them.

SLOW = $(patsubst tests/slow/%.c,$(BUILD)/tests/slow/%,$(wildcard tests/slow/*_test.c))

$(BUILD)/tests/slow/%: $(BUILD)/obj/tests/slow/%.o $(HARNESS) $(LIBRARY) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call link,,$(CHECK_LIBS) $(CURL_LIBS))

check-slow: all $(SLOW)
	@failed=0; for test in $(SLOW); do \
		YETT_BUILD=$(BUILD) $$test || failed=1; done; exit $$failed

.PHONY: check-slow
