#pragma once

/* A text in a table, or one of several, that is looked up in a language where it is said: docs/translating.md. */
#define N_(text) (text)
