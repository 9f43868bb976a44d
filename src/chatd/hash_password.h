#pragma once

/*
 * "chatd --hash-password": asks for a password at the terminal, twice and without showing it, or reads the first line of
 * standard input where that is none, and prints what stands for it in chatd.conf. Returns an exit code of sysexits(3).
 */
int hash_password(void);
