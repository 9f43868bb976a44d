#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Runs a fuzz target over the files named, where libFuzzer is not at hand. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 20 };

static int replay(const char *path, uint8_t *data)
{
	FILE *f = fopen(path, "rb");
	uint8_t *exact;
	size_t n;

	if (!f) {
		perror(path);
		return 1;
	}
	n = fread(data, 1, INPUT_MAX, f);
	fclose(f);
	/* A copy of the exact size: a sanitizer sees every byte read past its end. */
	exact = malloc(n ? n : 1);
	if (!exact)
		return 1;
	for (size_t i = 0; i < n; i++)
		exact[i] = data[i];
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	return 0;
}

int main(int argc, char **argv)
{
	uint8_t *data = malloc(INPUT_MAX);
	int failed = 0;

	if (!data || argc < 2) {
		fprintf(stderr, "usage: %s file...\n", argv[0]);
		free(data);
		return 2;
	}
	for (int i = 1; i < argc; i++)
		failed |= replay(argv[i], data);
	free(data);
	printf("%d inputs\n", argc - 1);
	return failed;
}
