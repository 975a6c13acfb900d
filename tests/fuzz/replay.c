/* Runs a fuzz target over the files and directories given: its corpus, in `make check`. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_files;

static int
replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data;
	size_t size;
	long end;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (end = ftell(file)) < 0)
		return perror(path), EXIT_FAILURE;
	rewind(file);
	data = malloc((size_t)end + 1);
	if (data == NULL)
		return EXIT_FAILURE;
	size = fread(data, 1, (size_t)end, file);
	fclose(file);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	replay_files++;
	return EXIT_SUCCESS;
}

static int
replay_directory(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	int status = EXIT_SUCCESS;

	if (directory == NULL)
		return perror(path), EXIT_FAILURE;
	while ((entry = readdir(directory)) != NULL && status == EXIT_SUCCESS) {
		char file[4096];
		if (entry->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		status = replay_file(file);
	}
	closedir(directory);
	return status;
}

int
main(int argc, char **argv)
{
	int status = EXIT_SUCCESS;

	for (int i = 1; i < argc && status == EXIT_SUCCESS; i++) {
		struct stat info;
		if (stat(argv[i], &info) == 0 && S_ISDIR(info.st_mode))
			status = replay_directory(argv[i]);
		else
			status = replay_file(argv[i]);
	}
	/* A corpus that is not there must not look like one that passed. */
	if (replay_files == 0)
		status = EXIT_FAILURE;
	printf("%d inputs\n", replay_files);
	return status;
}
