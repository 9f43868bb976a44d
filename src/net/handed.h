#pragma once

/*
 * What the service manager handed over: the descriptors from HANDED_FIRST on. Takes the variables out of the
 * environment and makes the descriptors close-on-exec. Returns how many there are; *names is then an array of as many
 * strings, NULL at its end, each of it and itself from malloc. 0 when there are none or they are meant for another
 * process, -errno when the variables make no sense. handed_systemd.c asks libsystemd, handed_env.c reads them itself.
 */
enum { HANDED_FIRST = 3 };
int handed_take(char ***names);
