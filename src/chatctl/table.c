#include "chatctl/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "chatctl/cell.h"

enum { WIDTH_LEAST = 4, GAP = 2 };

struct table {
	FILE *out;
	const struct table_column *columns;
	size_t ncolumns;
	unsigned terminal;
	unsigned widths[TABLE_COLUMNS_MAX];
	bool settled; /* the widths are, and the titles are printed */
	char *ahead[TABLE_AHEAD][TABLE_COLUMNS_MAX];
	size_t nahead;
};

struct table *table_new(FILE *out, const struct table_column *columns, unsigned width)
{
	struct table *t = mem_zalloc(sizeof(*t));

	t->out = out;
	t->columns = columns;
	t->terminal = width;
	while (t->ncolumns < TABLE_COLUMNS_MAX && columns[t->ncolumns].name) {
		t->widths[t->ncolumns] = cell_width(columns[t->ncolumns].title);
		t->ncolumns++;
	}
	return t;
}

static char *make_text(const struct table_column *column, const char *value)
{
	char shown[32], escaped[CELL_BYTES_MAX];

	if (column && column->show && *value) {
		column->show(value, shown, sizeof(shown));
		value = shown;
	}
	log_escape(escaped, sizeof(escaped), value, strlen(value));
	return mem_strdup(escaped);
}

static char *make_cell(const struct table_column *column, const struct flat *f)
{
	const char *value = flat_value(f, column->name);

	return make_text(column, value ? value : "");
}

static void print_row(struct table *t, char *const *cells)
{
	for (size_t i = 0; i < t->ncolumns; i++) {
		bool last = i + 1 == t->ncolumns;
		unsigned width = t->widths[i], used = cell_width(cells[i]);
		unsigned pad = used < width ? width - used : 0;

		if (t->columns[i].right)
			fprintf(t->out, "%*s", (int)pad, "");
		cell_print(t->out, cells[i], t->terminal ? width : 0);
		if (!last)
			fprintf(t->out, "%*s", (int)(t->columns[i].right ? 0 : pad) + GAP, "");
	}
	fputc('\n', t->out);
}

static unsigned total(const struct table *t)
{
	unsigned sum = (unsigned)(t->ncolumns - 1) * GAP;

	for (size_t i = 0; i < t->ncolumns; i++)
		sum += t->widths[i];
	return sum;
}

/* The widest give way, until all fit or all are small. */
static void fit(struct table *t)
{
	while (t->terminal && total(t) > t->terminal) {
		size_t widest = 0;

		for (size_t i = 1; i < t->ncolumns; i++) {
			if (t->widths[i] >= t->widths[widest])
				widest = i;
		}
		if (t->widths[widest] <= WIDTH_LEAST)
			return;
		t->widths[widest]--;
	}
}

static void settle(struct table *t)
{
	char *titles[TABLE_COLUMNS_MAX];

	if (t->settled)
		return;
	t->settled = true;
	fit(t);
	for (size_t i = 0; i < t->ncolumns; i++)
		titles[i] = mem_strdup(t->columns[i].title);
	print_row(t, titles);
	for (size_t i = 0; i < t->ncolumns; i++)
		mem_free(titles[i]);
	for (size_t i = 0; i < t->nahead; i++) {
		print_row(t, t->ahead[i]);
		for (size_t k = 0; k < t->ncolumns; k++)
			mem_free(t->ahead[i][k]);
	}
	t->nahead = 0;
}

static void look_at(struct table *t, char *const *cells)
{
	for (size_t i = 0; i < t->ncolumns; i++) {
		unsigned width = cell_width(cells[i]);

		if (width > t->widths[i])
			t->widths[i] = width;
	}
}

void table_row(struct table *t, const struct flat *f)
{
	char *cells[TABLE_COLUMNS_MAX];

	for (size_t i = 0; i < t->ncolumns; i++)
		cells[i] = make_cell(&t->columns[i], f);
	if (!t->settled) {
		look_at(t, cells);
		memcpy(t->ahead[t->nahead++], cells, sizeof(cells[0]) * t->ncolumns);
		if (t->nahead == TABLE_AHEAD)
			settle(t);
		return;
	}
	print_row(t, cells);
	for (size_t i = 0; i < t->ncolumns; i++)
		mem_free(cells[i]);
}

void table_end(struct table *t, bool whole)
{
	if (whole || t->nahead)
		settle(t);
	mem_free(t);
}

static const struct table_column *find_column(const struct table_column *columns, const char *name)
{
	for (; columns->name; columns++) {
		if (strcmp(columns->name, name) == 0)
			return columns;
	}
	return NULL;
}

void table_list(FILE *out, const struct flat *f, const struct table_column *columns)
{
	unsigned widest = 0;

	for (size_t i = 0; i < f->count; i++) {
		unsigned n = cell_width(f->fields[i].name);

		widest = n > widest ? n : widest;
	}
	for (size_t i = 0; i < f->count; i++) {
		const struct flat_field *field = &f->fields[i];
		char *name = make_text(NULL, field->name);
		char *value = make_text(find_column(columns, field->name), field->value);
		unsigned used = cell_width(name);

		cell_print(out, name, 0);
		fprintf(out, "%*s", (int)(used < widest ? widest - used : 0) + GAP, "");
		cell_print(out, value, 0);
		fputc('\n', out);
		mem_free(name);
		mem_free(value);
	}
}

void table_show_seconds(const char *value, char *dst, size_t size)
{
	unsigned long long s = strtoull(value, NULL, 10);

	if (s < 60)
		snprintf(dst, size, "%llus", s);
	else if (s < 3600)
		snprintf(dst, size, "%llum", s / 60);
	else if (s < 86400)
		snprintf(dst, size, "%lluh", s / 3600);
	else
		snprintf(dst, size, "%llud", s / 86400);
}

void table_show_bytes(const char *value, char *dst, size_t size)
{
	unsigned long long n = strtoull(value, NULL, 10);

	if (n < 10240)
		snprintf(dst, size, "%llu", n);
	else if (n < 10485760)
		snprintf(dst, size, "%lluk", n / 1024);
	else
		snprintf(dst, size, "%lluM", n / 1048576);
}

void table_show_bool(const char *value, char *dst, size_t size)
{
	snprintf(dst, size, "%s", strcmp(value, "true") == 0 ? "yes" : "no");
}
