#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "chatd/config.h"
#include "check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is chatd.conf. It may be refused in words, each of one line and not without end; what is taken can be used.
 */
enum { INPUT_MAX = 8 << 10 };

static void on_error(void *ctx, const struct config_error *error)
{
	unsigned *errors = ctx;

	CHECK(++*errors <= CONFIG_ERRORS_MAX + 1);
	CHECK(error->text && error->sentence && !strchr(error->text, '\n'));
}

/* Files that the input names are opened: not those of the machine, which may have no end. */
static bool names_devices(const uint8_t *data, size_t size)
{
	static const char *const words[] = {"dev", "proc", "sys", ".."};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (memmem(data, size, words[i], strlen(words[i])))
			return true;
	return false;
}

static int load(const struct config_source *source)
{
	struct config config;
	unsigned errors = 0;
	int err = config_load(&config, source, on_error, &errors);

	CHECK((err == 0) == (errors == 0));
	if (err == 0) {
		server_build(&config.server);
		config_deinit(&config);
	}
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const listen[] = {"127.0.0.1:6667", "[::1]:6697"};
	char path[64];
	struct config_source source = {.path = path};
	int fd;

	if (size > INPUT_MAX || names_devices(data, size))
		return 0;
	fd = memfd_create("chatd.conf", MFD_CLOEXEC);
	CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	(void)load(&source);
	source = (struct config_source){path, listen, 2, "/var/lib/chatd", true};
	(void)load(&source);
	close(fd);
	return 0;
}
