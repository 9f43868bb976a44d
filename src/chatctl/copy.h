#pragma once

/* All that is to be read, and then on the disk. 0, or an errno. */
int copy_bytes(int from, int to);
