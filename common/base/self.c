#include "base/self.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum rc
self_beside(const char *name, char *path, size_t size)
{
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self));
	const char *slash;
	int written;

	path[0] = '\0';
	if (length <= 0 || (size_t)length == sizeof(self)) /* more was cut off */
		return RC_INTERNAL;
	self[length] = '\0';
	slash = strrchr(self, '/');
	if (slash == NULL)
		return RC_INTERNAL;
	written = snprintf(path, size, "%.*s/%s", (int)(slash - self), self, name);
	if (written >= 0 && (size_t)written < size)
		return RC_OK;
	path[0] = '\0';
	return RC_INTERNAL;
}
