#include "network/apply.h"
#include "network/markers.h"

/* RECORD_MARKER: of an account where the origin has one, else of the origin alone. The record decides, not the rights.
 */
void apply_marker(struct apply *a)
{
	const struct record *r = a->r;
	struct change c = apply_change(a, CHANGE_MARKER);
	struct account *account = r->marker.account.n ? state_account(a->net, r->marker.account) : NULL;
	struct user *u = state_user(a->net, r->origin);
	BUF_MEMORY char folded[NETWORK_FOLDED_MAX];

	if (!a->unchecked || r->marker.target.n > NETWORK_TEXT_MAX || (r->marker.account.n ? !account : !u))
		return;
	if (!markers_set(account ? &account->markers : &u->markers,
			 casemap_fold(a->net->config.casemap, folded, r->marker.target), r->marker.time) ||
	    !u)
		return;
	c.by = NULL;
	c.user = u;
	c.text = r->marker.target;
	apply_tell(a, &c);
}

/* All of an account's: at a start. */
void apply_kept_markers(struct apply *a)
{
	struct account *account = state_account(a->net, a->r->account_markers.account);

	if (a->unchecked && account)
		markers_take(&account->markers, a->r->account_markers.text);
}
