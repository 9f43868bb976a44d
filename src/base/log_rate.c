#include "base/log_rate.h"

bool log_rate_admit(struct log_rate *rate, uint32_t burst, int64_t length_ms, int64_t now_ms, uint32_t *left_out)
{
	*left_out = 0;
	if (rate->began_ms == 0 || now_ms - rate->began_ms >= length_ms) {
		rate->began_ms = now_ms;
		rate->admitted = 0;
	}
	if (rate->admitted >= burst) {
		rate->left_out += rate->left_out < UINT32_MAX;
		return false;
	}
	rate->admitted++;
	*left_out = rate->left_out;
	rate->left_out = 0;
	return true;
}
