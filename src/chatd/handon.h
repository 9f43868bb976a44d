#pragma once

/*
 * Lays descriptors out for the program that this process is about to become, the way service managers do it: from 3 on,
 * open across exec, with LISTEN_PID and LISTEN_FDS. Nothing else may happen between this and exec.
 */
void hand_on(const int *fds, int count);
