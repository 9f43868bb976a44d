#pragma once

/* What must be so at any time. Where it is not, the history that led there is named, and the program ends. */
#define invariant(what)                                                                                                \
	do {                                                                                                           \
		if (!(what))                                                                                           \
			broken("%s:%d: %s", __FILE__, __LINE__, #what);                                                \
	} while (0)

_Noreturn void broken(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
