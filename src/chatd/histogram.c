#include "chatd/histogram.h"

static const struct {
	uint64_t us;
	const char *text;
} steps[HISTOGRAM_STEPS] = {
	{50, "5e-05"},   {100, "0.0001"},  {250, "0.00025"}, {500, "0.0005"},    {1000, "0.001"}, {2500, "0.0025"},
	{5000, "0.005"}, {10000, "0.01"},  {25000, "0.025"}, {50000, "0.05"},    {100000, "0.1"}, {250000, "0.25"},
	{500000, "0.5"}, {1000000, "1.0"}, {2500000, "2.5"}, {10000000, "10.0"},
};

uint64_t histogram_bound(size_t nth)
{
	return steps[nth].us;
}

const char *histogram_bound_text(size_t nth)
{
	return steps[nth].text;
}

void histogram_add(struct histogram *h, int64_t us, uint64_t many)
{
	uint64_t took = us > 0 ? (uint64_t)us : 0;
	size_t at = 0;

	while (at < HISTOGRAM_STEPS && took > steps[at].us)
		at++;
	h->counts[at] += many;
	h->sum_us += took * many;
}
