/* Addresses of authenticator apps, of names that try what a reader of them takes amiss. */
#ifndef YETT_TESTS_UNIT_OTPAUTH_H
#define YETT_TESTS_UNIT_OTPAUTH_H

#include "crypto/totp.h"

#define OTPAUTH_SAMPLES 100

#define OTPAUTH_TEN "abcdefghij"
#define OTPAUTH_HUNDRED                                                                     \
	OTPAUTH_TEN OTPAUTH_TEN OTPAUTH_TEN OTPAUTH_TEN OTPAUTH_TEN OTPAUTH_TEN OTPAUTH_TEN \
	    OTPAUTH_TEN OTPAUTH_TEN OTPAUTH_TEN

struct otpauth {
	struct totp totp;
	const char *issuer, *account;
	unsigned char secret[64];
	size_t secret_len; /* as long as the digest */
};

/* The lengths of the two tables have no common factor, so that each sample is another pair. */
static const char *const otpauth_issuers[] = {
	"Example",
	"The \"Tower\" of 'London'",
	"<b>A & B</b>",
	"a:b: c::",
	"100%20 %",
	"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x81\xae\xe3\x82\xb5\xe3\x82\xa4\xe3\x83\x88",
	"\xf0\x9f\x8f\xb0\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
	"\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xe2\x80\xae evil",
	"e\xcc\x81\xcc\x82\xcc\xa3 n\xcc\x83",
	OTPAUTH_HUNDRED OTPAUTH_HUNDRED,
	"two  spaces   and more",
	"1+1=2",
	"#first",
	"who?issuer=eve&secret=AAAA",
	"otpauth://totp/x",
	"\\ / \t ; , @ $ ! * ( ) [ ] { } | ^ ~ `",
	"M\xc3\xbcller & S\xc3\xb6hne \xe2\x80\x94 GmbH",
	"\xef\xbb\xbf mark \xc2\xa0 \xe2\x80\xa8 \x7f \xc2\x85",
	"Z",
};

static const char *const otpauth_accounts[] = {
	"ada@example.org",
	"ada.b+tag@mail.example.org",
	"\"a\\\"b\"@example.org",
	"o'neil@example.org",
	"<ada>&lt;@example.org",
	"a:b@example.org",
	":",
	"50%25%@example.org",
	"\xe7\x94\xa8\xe6\x88\xb7@\xe4\xbe\x8b\xe5\xad\x90.example",
	"\xf0\x9f\x98\x80@example.org",
	"\xd7\xa2\xd7\x93\xd7\x94@example.org",
	"e\xcc\x81\xcc\x82@example.org",
	OTPAUTH_HUNDRED OTPAUTH_HUNDRED,
	"ada lovelace",
	"a++b",
	"#",
	"?secret=AAAA&issuer=eve",
	"a/../b//c",
	"a&digits=8",
	"=",
	"j\xc3\xb6rg",
	"0",
	"a;b,c|d",
};

/* The n-th, the same in every run. */
static inline struct otpauth
otpauth_sample(size_t n)
{
	static const size_t lengths[TOTP_ALGORITHMS] = { 20, 32, 64 };
	const size_t issuers = sizeof(otpauth_issuers) / sizeof(otpauth_issuers[0]);
	const size_t accounts = sizeof(otpauth_accounts) / sizeof(otpauth_accounts[0]);
	struct otpauth sample = { .totp = { (enum totp_algorithm)(n % TOTP_ALGORITHMS),
				      6 + (int)(n % 2) * 2, n % 5 == 4 ? 60 : 30 },
		.issuer = otpauth_issuers[n % issuers],
		.account = otpauth_accounts[n % accounts] };
	uint32_t state = (uint32_t)n * 2654435761u + 1;

	sample.secret_len = lengths[sample.totp.algorithm];
	for (size_t i = 0; i < sample.secret_len; i++) {
		state = state * 1664525 + 1013904223;
		sample.secret[i] = (unsigned char)(state >> 24);
	}
	return sample;
}

static inline void
otpauth_put(struct buf *buf, const struct otpauth *sample)
{
	totp_put_uri(buf, &sample->totp,
	    (struct span){ (const char *)sample->secret, sample->secret_len },
	    span_of(sample->issuer), span_of(sample->account));
}

#endif
