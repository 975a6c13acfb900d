/* doctor: looks at everything that can go wrong between the program and its surroundings. */
#include <stdarg.h>

#include "crypto/password.h"
#include "doctor.h"
#include "store/check.h"
#include "store/migrate.h"
#include "store/operate.h"

#define DOCTOR_YEAR_2025 INT64_C(1735689600000)

static const struct {
	const char *word, *colour;
} doctor_findings[] = {
	[FINDING_OK] = { "ok", "\033[32m" },
	[FINDING_WARNING] = { "warning", "\033[33m" },
	[FINDING_FAIL] = { "FAIL", "\033[31m" },
};

static const struct column doctor_columns[] = { { "status", 0 }, { "check", 0 }, { "detail", 0 },
	{ NULL, 0 } };

void
doctor_find(
    struct doctor *doctor, enum doctor_finding finding, const char *check, const char *format, ...)
{
	const char *word = doctor_findings[finding].word;
	bool colours = ctl_colours(stdout);
	char detail[1024];
	va_list values;

	va_start(values, format);
	vsnprintf(detail, sizeof(detail), format, values);
	va_end(values);
	doctor->failed += finding == FINDING_FAIL;
	if (doctor->listing.json) {
		listing_text(&doctor->listing, span_of(word));
		listing_text(&doctor->listing, span_of(check));
		listing_text(&doctor->listing, span_of(detail));
		return;
	}
	printf("%s%-7s%s  %s: ", colours ? doctor_findings[finding].colour : "", word,
	    colours ? "\033[0m" : "", check);
	ctl_text(stdout, span_of(detail), 0);
	fputc('\n', stdout);
}

bool
doctor_rc(struct doctor *doctor, enum rc rc, const char *check, const struct config_fault *fault)
{
	if (rc == RC_OK)
		return true;
	doctor_find(doctor, FINDING_FAIL, check, "%s",
	    fault->text[0] != '\0' ? fault->text
	    : rc == RC_UNAVAILABLE ? "locked by another process, or out of memory; try again"
				   : "cannot be read");
	return false;
}

static bool
doctor_config(struct doctor *doctor)
{
	struct ctl *ctl = doctor->ctl;
	struct config_fault fault = { "" };

	if (!doctor_rc(
		doctor, config_load(ctl->directory, &ctl->config, &fault), "configuration", &fault))
		return false;
	ctl->ctx.config = ctl->config;
	doctor_find(doctor, FINDING_OK, "configuration", "%s/" CONFIG_FILE, ctl->directory);
	return true;
}

bool
doctor_loopback(struct span url)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost", "[::1]" };
	struct span host = span_starts(url, SPAN("http://")) ? span_after(url, 7) : url;

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct span name = span_of(hosts[i]);

		if (span_starts(host, name) &&
		    (host.len == name.len || host.data[name.len] == ':' ||
			host.data[name.len] == '/'))
			return true;
	}
	return false;
}

static void
doctor_site(struct doctor *doctor)
{
	const struct config *config = doctor->ctl->config;
	bool https = span_starts(span_of(config->site.url), SPAN("https://"));
	bool fine = true;

	if (!https && !doctor_loopback(span_of(config->site.url))) {
		fine = false;
		doctor_find(doctor, FINDING_WARNING, "site",
		    "%s is not https: passwords and tokens can be read on their way",
		    config->site.url);
	}
	for (size_t i = 0; i < config->backend_count; i++) {
		const struct backend_config *backend = &config->backends[i];

		if (backend->transport != TRANSPORT_COOKIE || backend->cookie.secure == https)
			continue;
		if (https || !doctor_loopback(span_of(config->site.url)) ||
		    backend->cookie.secure) {
			fine = false;
			doctor_find(doctor, FINDING_WARNING, "site",
			    https ? "the site is https, but cookie.secure of backend %s is off"
				  : "the site is not https, but cookie.secure of backend %s is %s",
			    backend->name,
			    backend->cookie.secure ? "on: browsers drop them" : "off");
		}
	}
	if (fine)
		doctor_find(doctor, FINDING_OK, "site", "%s", config->site.url);
}

static bool
doctor_schema(struct doctor *doctor)
{
	struct config_fault fault = { "" };
	int version = 0;
	enum rc rc = migrate_version(doctor->ctl->config, &version, &fault);

	if (!doctor_rc(doctor, rc, "database version", &fault))
		return false;
	if (version == migration_count) {
		doctor_find(doctor, FINDING_OK, "database version", "%d", version);
		return true;
	}
	doctor_find(doctor, FINDING_FAIL, "database version",
	    version < migration_count ? "%d, this program needs %d; run yettctl migrate"
				      : "%d is newer than this program, which knows %d; update it",
	    version, migration_count);
	return false;
}

static bool
doctor_integrity(struct doctor *doctor)
{
	struct config_fault fault = { "" };

	if (!doctor_rc(doctor, check_integrity(doctor->ctl->config, &fault), "database", &fault))
		return false;
	doctor_find(
	    doctor, FINDING_OK, "database", "%s is sound", doctor->ctl->config->database.file);
	return true;
}

static void
doctor_decoy(struct doctor *doctor)
{
	char hash[HASH_TEXT_SIZE];
	const struct config_fault none = { "" };
	enum rc rc = user_decoy(&doctor->ctl->ctx, hash);

	if (rc == RC_NO || (rc == RC_OK && !password_usable(hash)))
		doctor_find(doctor, FINDING_FAIL, "decoy hash",
		    "missing, so login and users do not start; run yettctl migrate");
	else if (doctor_rc(doctor, rc, "decoy hash", &none) &&
		 password_outdated(&doctor->ctl->config->password, hash))
		doctor_find(doctor, FINDING_FAIL, "decoy hash",
		    "made with other parameters than [password] has, so login and users do not "
		    "start; run yettctl migrate");
	else if (rc == RC_OK)
		doctor_find(doctor, FINDING_OK, "decoy hash", "present and current");
}

static void
doctor_superuser(struct doctor *doctor)
{
	const struct user nobody = { .row = 0 };
	const struct config_fault none = { "" };
	int64_t count = 0;
	enum rc rc = operate_superusers_beside(&doctor->ctl->ctx, &nobody, &count);

	if (!doctor_rc(doctor, rc, "superusers", &none))
		return;
	if (count == 0)
		doctor_find(doctor, FINDING_WARNING, "superusers",
		    "none that can sign in; yettctl user add --superuser makes one");
	else
		doctor_find(doctor, FINDING_OK, "superusers", "%lld", (long long)count);
}

/* Sign-ins and all else leave audit rows, and codes the step they were made for: none may lie in
 * the future. */
static void
doctor_clock(struct doctor *doctor)
{
	struct ctx *ctx = &doctor->ctl->ctx;
	int64_t now = clock_wall(&clock_system), latest = 0;
	const struct config_fault none = { "" };
	char text[CLOCK_TEXT_SIZE], after[CLOCK_TEXT_SIZE];
	enum rc rc = RC_OK;

	clock_text(now, text);
	if (now < DOCTOR_YEAR_2025) {
		doctor_find(doctor, FINDING_FAIL, "clock",
		    "%s cannot be; everything that expires depends on it", text);
		return;
	}
	if (ctx->db != NULL)
		rc = operate_latest(ctx, ctx->config->totp.drift, &latest);
	if (!doctor_rc(doctor, rc, "clock", &none))
		return;
	clock_text(latest, after);
	if (latest > now + MINUTE)
		doctor_find(doctor, FINDING_FAIL, "clock",
		    "it is %s, but things happened at %s: the clock is behind, or ran ahead for a "
		    "while; until then codes of apps may be refused",
		    text, after);
	else
		doctor_find(doctor, FINDING_OK, "clock", "%s", text);
}

static void
doctor_database(struct doctor *doctor)
{
	struct ctl *ctl = doctor->ctl;
	bool sound = doctor_integrity(doctor);

	if (!doctor_schema(doctor) || !sound)
		return;
	if (ctl_open_store(ctl) != CTL_DONE) {
		doctor_find(doctor, FINDING_FAIL, "database", "it cannot be opened for use");
		return;
	}
	doctor_decoy(doctor);
	doctor_superuser(doctor);
}

enum ctl_exit
doctor_run(struct ctl *ctl)
{
	struct doctor doctor = { .ctl = ctl };
	enum ctl_exit status = ctl_find(ctl);
	bool json = arguments_option(ctl, "--json") != NULL;

	if (status != CTL_DONE)
		return status;
	if (json)
		listing_begin(&doctor.listing, doctor_columns, true);
	doctor_directory(&doctor);
	doctor_files(&doctor);
	if (doctor_config(&doctor)) {
		doctor_site(&doctor);
		doctor_keys(&doctor);
		doctor_database(&doctor);
		doctor_sealing(&doctor);
		doctor_filesystem(&doctor);
		doctor_mail(&doctor);
	}
	doctor_clock(&doctor);
	doctor_space(&doctor);
	doctor_kernel(&doctor);
	if (json)
		listing_end(&doctor.listing);
	if (doctor.failed == 0)
		return CTL_DONE;
	return ctl_refuse("%zu checks failed; each says what to do", doctor.failed);
}
