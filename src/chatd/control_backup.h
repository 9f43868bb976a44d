#pragma once

struct backup;
struct control_conn;

/*
 * "backup": copies the store beside it, in a thread, and gives the files away: each as a line {"file", "bytes"} whose
 * first byte brings a descriptor to read it with (SCM_RIGHTS). Nothing of it stays on this side. Meanwhile a line
 * {"percent"} comes now and then.
 */
void control_backup(struct control_conn *c);

/* The one who asked is gone. */
void control_backup_forget(struct control_conn *c);
/* Waits until none is under way, which is soon. */
void control_backup_end(struct backup *b);
