#pragma once

struct call;

/* TESTMASK target: whom a ban of it would meet now; at most a hundred are named, all are counted. */
void ban_test_mask(struct call *call);
/* TESTLINE somebody: which ban, or else which shun, would meet them. */
void ban_test_line(struct call *call);
