#include "auth/policy.h"

#include <sodium.h>
#include <utf8proc.h>
#include <zxcvbn.h>

#include "base/secret.h"
#include "base/text.h"

enum {
	POLICY_TAIL_MAX = 4, /* "princess2024" is still one common word */
	POLICY_PART_MIN = 4, /* a shorter local part or user name stands in words by chance */
	POLICY_STACK = 32768 /* bytes below us where libzxcvbn may have left the password */
};

/* libzxcvbn counts as the first zxcvbn of 2012 did, in bits; so that version's scale belongs to
 * it: half of the 2^bits guesses, 10^4 of them a second, for 10^2, 10^4, 10^6, 10^8 seconds. The
 * guesses of the later paper (10^3, 10^6, ...) are less by design, and with them one in twenty of
 * the commonest passwords would pass. */
static const double policy_bits[] = { 0.0, 20.93, 27.57, 34.22, 40.86 };

/* Code points in lower case; room for one a byte. */
struct policy_text {
	int32_t points[SECRET_MAX];
	size_t count;
};

static const struct {
	const char *name;
	const char *sentence;
} policy_reasons[POLICY_REASONS] = {
	{ "too_short", "This password is too short." },
	{ "too_common", "This password is among the most common ones." },
	{ "too_weak", "This password is too easy to guess." },
	{ "contains_identity", "This password contains the address or the user name." },
};

const char *
policy_name(unsigned index)
{
	return index < POLICY_REASONS ? policy_reasons[index].name : NULL;
}

const char *
policy_sentence(unsigned index)
{
	return index < POLICY_REASONS ? policy_reasons[index].sentence : NULL;
}

/* Whether there is nothing but a few digits and signs from here to the end. */
static bool
policy_is_tail(struct span rest)
{
	if (rest.len > POLICY_TAIL_MAX)
		return false;
	for (size_t i = 0; i < rest.len; i++) {
		char c = rest.data[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (c <= ' ' || c > '~' || letter)
			return false;
	}
	return true;
}

/* Whether the first part is a word of the dictionaries, once or repeated, and covers all but a
 * tail. */
static bool
policy_is_common(const ZxcMatch_t *first, struct span password)
{
	unsigned type;

	if (first == NULL || first->Begin != 0 || first->Length <= 0 ||
	    (size_t)first->Length > password.len)
		return false;
	type = (unsigned)first->Type & ~(unsigned)MULTIPLE_MATCH;
	return (type == DICTIONARY_MATCH || type == DICT_LEET_MATCH) &&
	       policy_is_tail(span_after(password, (size_t)first->Length));
}

/* What libzxcvbn says of it. A password that is too long for us or holds a NUL cannot be judged,
 * and so is not accepted. */
static unsigned
policy_judge_strength(int64_t strength, struct span password)
{
	const int64_t highest = sizeof(policy_bits) / sizeof(policy_bits[0]) - 1;
	struct secret copy;
	ZxcMatch_t *parts = NULL;
	unsigned reasons = 0;
	double bits;

	if (strength > highest)
		strength = highest;
	if (secret_set(&copy, password) != RC_OK)
		return POLICY_TOO_WEAK;
	bits = ZxcvbnMatch(copy.bytes, NULL, &parts);
	if (policy_is_common(parts, password))
		reasons |= POLICY_TOO_COMMON;
	if (strength > 0 && bits < policy_bits[strength])
		reasons |= POLICY_TOO_WEAK;
	ZxcvbnFreeInfo(parts);
	secret_wipe(&copy);
	sodium_stackzero(POLICY_STACK);
	return reasons;
}

/* False when it does not fit; the rest of *to is then useless. */
static bool
policy_fold(struct policy_text *to, struct span text)
{
	to->count = 0;
	while (text.len > 0) {
		if (to->count == SECRET_MAX)
			return false;
		to->points[to->count++] = utf8proc_tolower(text_next(&text));
	}
	return true;
}

static bool
policy_holds_at(
    const struct policy_text *text, size_t at, const struct policy_text *part, bool reversed)
{
	for (size_t i = 0; i < part->count; i++) {
		size_t from = reversed ? part->count - 1 - i : i;

		if (text->points[at + i] != part->points[from])
			return false;
	}
	return true;
}

/* Whether the name, if it is long enough to mean anything, stands in the text, forwards or
 * backwards. */
static bool
policy_holds(const struct policy_text *text, struct span name, size_t min)
{
	struct policy_text part;

	if (!policy_fold(&part, name) || part.count < min)
		return false;
	for (size_t at = 0; at + part.count <= text->count; at++) {
		if (policy_holds_at(text, at, &part, false) ||
		    policy_holds_at(text, at, &part, true))
			return true;
	}
	return false;
}

static bool
policy_has_identity(struct span password, struct span email, struct span username)
{
	struct span rest = email;
	struct span local = span_cut(&rest, '@');
	struct policy_text text;
	bool found = false;

	if (policy_fold(&text, password))
		found = policy_holds(&text, email, 1) ||
			policy_holds(&text, local, POLICY_PART_MIN) ||
			policy_holds(&text, username, POLICY_PART_MIN);
	sodium_memzero(&text, sizeof(text));
	return found;
}

unsigned
policy_judge(const struct config_password *config, struct span password, struct span email,
    struct span username)
{
	unsigned reasons = policy_judge_strength(config->strength, password);

	if ((int64_t)text_length(password) < config->min_length)
		reasons |= POLICY_TOO_SHORT;
	if (policy_has_identity(password, email, username))
		reasons |= POLICY_CONTAINS_IDENTITY;
	return reasons;
}
